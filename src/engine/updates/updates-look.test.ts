import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { LabError } from '../errors.js';
import { type AskedNode, lookAtUpdates, type UpdatesWays } from './updates-look.js';
import { isUnderWay, type UpdatesState } from './updates-state.js';
import { updatesText } from './updates-text.js';

/** What the script on the provisioner printed with the real update server and a real etcd 3.4 behind it. */
const recorded = (name: string) => readFile(`test/fixtures/updates/${name}.txt`, 'utf8');
const [BEFORE, ROLLOUT, FAILED] = await Promise.all(['before', 'rollout', 'failed'].map(recorded));

const IDS = {
  'core-01': '1111aaaa1111aaaa1111aaaa1111aaaa',
  'core-02': '2222bbbb2222bbbb2222bbbb2222bbbb',
  'core-03': '3333cccc3333cccc3333cccc3333cccc',
} as const;
type Name = keyof typeof IDS;

const node = (name: Name, more: string) => `id ${IDS[name]}\n${more}`;
const status = (operation: string, progress = '0.000000', version = '0.0.0') =>
  `unit active\nstatus LAST_CHECKED_TIME=1795828836\nstatus PROGRESS=${progress}\nstatus CURRENT_OP=UPDATE_STATUS_${operation}\nstatus NEW_VERSION=${version}\nstatus NEW_SIZE=300000\n`;
const OLD = 'version VERSION_ID="1.0.0"\nrunning 3\nslot 3 2 0 1\n';
const idle = (name: Name) => node(name, `${OLD}slot 4 1 0 0\n${status('IDLE')}`);
const UPDATED = node(
  'core-01',
  `version VERSION_ID=1.1.0\nrunning 4\nslot 3 1 0 1\nslot 4 2 0 1\n${status('IDLE', '0.000000', '1.1.0')}`,
);
const DOWNLOADS = node('core-02', `${OLD}slot 4 1 0 0\n${status('DOWNLOADING', '0.437000', '1.1.0')}`);
const rollout: Record<Name, string> = { 'core-01': UPDATED, 'core-02': DOWNLOADS, 'core-03': idle('core-03') };

const asked: AskedNode[] = (Object.keys(IDS) as Name[]).map((machine, index) => ({
  machine,
  address: `192.168.2.2${index + 1}`,
  runs: true,
  ask: true,
}));
const done = (stdout: string) => ({ exitCode: 0, stdout, stderr: '', timedOut: false });
const silence = (machine: string) =>
  new LabError({ code: 'SSH_TIMEOUT', message: `${machine} does not answer.`, remedy: [] });

/** Only nodes that have an answer here may be asked; undefined = it does not answer. */
function look(
  provisioner: string | LabError,
  answers: Partial<Record<Name, string | undefined>>,
  { nodes = asked, before }: { nodes?: AskedNode[]; before?: UpdatesState } = {},
): Promise<UpdatesState> {
  const ways: UpdatesWays = {
    provisioner: async () => {
      if (typeof provisioner !== 'string') throw provisioner;
      return done(provisioner);
    },
    node: async (machine) => {
      if (!(machine in answers)) throw new Error(`unplanned script on ${machine}`);
      const text = answers[machine as Name];
      if (text === undefined) throw silence(machine);
      return done(text);
    },
  };
  return lookAtUpdates(ways, { provisioner: '192.168.2.2', nodes, before });
}

describe('the updates', () => {
  test('are those of server, lock and nodes', async () => {
    const state = await look(ROLLOUT as string, rollout);
    expect(state.server).toEqual({
      state: 'up',
      groups: [
        {
          name: 'lab',
          track: 'lab',
          version: '1.1.0',
          enabled: true,
          safeMode: true,
          rollout: true,
          instances: 3,
        },
      ],
    });
    expect(state.lock).toEqual({ state: 'held', holders: [{ id: IDS['core-02'], machine: 'core-02' }] });
    expect(state.nodes[1]).toEqual({
      machine: 'core-02',
      address: '192.168.2.22',
      state: 'answers',
      id: IDS['core-02'],
      version: '1.0.0',
      slots: {
        running: 'A',
        A: { priority: 2, tries: 0, successful: 1 },
        B: { priority: 1, tries: 0, successful: 0 },
      },
      engine: { running: true, operation: 'DOWNLOADING', percent: 43, version: '1.1.0', lastCheck: 1795828836000 },
      server: { group: 'lab', version: '1.0.0', status: 'downloading', time: Date.parse('2026-11-28T01:21:38.996Z') },
      lock: true,
    });
    expect(state.nodes.map(({ server }) => server?.status)).toEqual(['complete', 'downloading', 'onhold']);
    expect(isUnderWay(state)).toBe(true);
    expect(`\n${updatesText(state)}\n`).toBe(`
Update server: up, group lab gives 1.1.0, safe mode, rollout in progress
Reboot lock: held by core-02
Nodes: 1 of 3 on 1.1.0, core-02 downloads 43 %, core-03 is on hold, core-02 holds the reboot lock

  NODE     ADDRESS       RUNS   USR-A   USR-B   ENGINE          LOCK        SERVER               LAST CHECK
  core-01  192.168.2.21  1.1.0  1/0/1   2/0/1*  idle            -           complete (1.1.0)     2026-11-28 01:20:36 UTC
  core-02  192.168.2.22  1.0.0  2/0/1*  1/0/0   downloads 43 %  holds lock  downloading (1.0.0)  2026-11-28 01:20:36 UTC
  core-03  192.168.2.23  1.0.0  2/0/1*  1/0/0   idle            -           on hold (1.0.0)      2026-11-28 01:20:36 UTC

USR-A, USR-B: priority/tries/successful; * is the one that runs.
`);
  });

  test('have not begun before a node has asked', async () => {
    const answers = { 'core-01': idle('core-01'), 'core-02': idle('core-02'), 'core-03': idle('core-03') };
    const state = await look(BEFORE as string, answers);
    expect(state.lock).toEqual({ state: 'never', holders: [] });
    expect(isUnderWay(state)).toBe(false);
    expect(updatesText(state)).toContain('Nodes: 0 of 3 on 1.1.0\n');
    expect(updatesText(state)).toContain('Reboot lock: nobody has taken it yet');
  });

  test('of a node that restarts are told by its address: it holds the lock, and its disk is as it was', async () => {
    const fresh = await look(ROLLOUT as string, { ...rollout, 'core-02': undefined });
    expect(fresh.lock.holders).toEqual([{ id: IDS['core-02'], machine: 'core-02' }]);
    expect(fresh.nodes[1]).toMatchObject({ state: 'silent', lock: true, server: { status: 'downloading' } });
    expect(fresh.nodes[1]).not.toHaveProperty('version');
    expect(updatesText(fresh)).toContain('core-02 restarts');

    const before = await look(ROLLOUT as string, rollout);
    const later = await look(ROLLOUT as string, { ...rollout, 'core-02': undefined }, { before });
    expect(later.nodes[1]).toMatchObject({ state: 'silent', version: '1.0.0', slots: { running: 'A' } });
    expect(later.nodes[1]).not.toHaveProperty('engine');
  });

  test('of nodes that are off, boot, or have no address are not asked for', async () => {
    const nodes = [
      { ...(asked[0] as AskedNode), runs: false, ask: false },
      { ...(asked[1] as AskedNode), ask: false },
      { machine: 'core-03', runs: true, ask: false },
    ];
    const state = await look(ROLLOUT as string, {}, { nodes });
    expect(state.nodes.map(({ state: each }) => each)).toEqual(['off', 'silent', 'silent']);
    expect(updatesText(state)).toContain('core-01 is off, core-02 restarts, core-03 does not answer');
  });

  test('that failed, and a pause, are told', async () => {
    const answers = { 'core-01': UPDATED, 'core-02': idle('core-02'), 'core-03': idle('core-03') };
    const state = await look(FAILED as string, answers);
    expect(state.lock.state).toBe('free');
    expect(isUnderWay(state)).toBe(false);
    expect(updatesText(state)).toContain(
      'Nodes: 1 of 3 on 1.1.0, core-02 failed, core-03 is on hold, updates are paused',
    );
    expect(updatesText(state)).toContain('group lab gives 1.1.0, safe mode, updates paused');
  });

  test('of a system in memory, and of one without an engine, cannot be', async () => {
    const memory = node('core-01', 'version VERSION_ID=1.0.0\nrunning 0\nunit failed\n');
    const stopped = node('core-02', `${OLD}slot 4 1 0 0\nunit inactive\n`);
    const mute = node('core-03', `${OLD}unit active\n`);
    const state = await look(BEFORE as string, { 'core-01': memory, 'core-02': stopped, 'core-03': mute });
    expect(state.nodes[0]?.slots).toBe('none');
    expect(state.nodes[2]).not.toHaveProperty('slots');
    expect(updatesText(state)).toContain(
      'core-01 runs in memory, core-02 runs no update engine, core-03 has an update engine that does not answer',
    );
  });

  test.each([
    ['server 7 curl: (7) Failed to connect\n', 'down. Nothing answers on port 8000 of the provisioner.'],
    ['server 22 curl: (22) 404\n', 'down. What answers on port 8000 is no update server: curl: (22) 404'],
    ['server 0 <html>\n', 'down. What answers on port 8000 is no update server: <html>'],
    ['', 'not known. The provisioner did not say.'],
  ])('without an update server (%j) say so', async (output, words) => {
    const state = await look(output, { ...rollout, 'core-02': undefined });
    expect(updatesText(state)).toContain(`Update server: ${words}\nReboot lock: not known, no etcd answers`);
    expect(updatesText(state)).toContain('Nodes: 1 on 1.1.0, 1 on an unknown version, 1 on 1.0.0');
    expect(state.nodes[0]).toMatchObject({ state: 'answers', version: '1.1.0' });
  });

  test('are not known of a provisioner that is off', async () => {
    const off = new LabError({ code: 'PROVISIONER_OFF', message: 'core-provisioner does not run.', remedy: [] });
    const state = await look(off, {}, { nodes: [] });
    expect(updatesText(state)).toBe(
      'Update server: not known. core-provisioner does not run.\nReboot lock: not known, no etcd answers\nNodes: no nodes',
    );
  });
});
