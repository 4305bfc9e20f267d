import { LabError } from '../errors.js';

/** What systemd says of Mayu's unit, in the words that matter here. */
export type MayuService = 'missing' | 'starting' | 'running' | 'stopped' | 'unknown';

/** Nobody answers on Mayu's port; `service` says whether that may change by itself. */
export class MayuDown extends LabError {
  constructor(
    readonly service: MayuService,
    fields: ConstructorParameters<typeof LabError>[0],
  ) {
    super(fields);
  }
}

/** Reads `LoadState=…` and `ActiveState=…` of `systemctl show`. */
export function serviceOf(text: string): MayuService {
  const load = /^LoadState=(\S+)/m.exec(text)?.[1];
  const active = /^ActiveState=(\S+)/m.exec(text)?.[1];
  if (load === undefined || active === undefined) return 'unknown';
  if (load === 'not-found') return 'missing';
  if (active === 'activating' || active === 'reloading') return 'starting';
  return active === 'active' ? 'running' : 'stopped';
}

const WHY: Record<MayuService, string> = {
  missing: 'Mayu was not set up there yet: lesson 2 does that.',
  starting: 'Its service mayu is just starting.',
  running: 'Its service mayu runs, but nobody listens on port 4080: it is starting, or it hangs.',
  stopped: 'Its service mayu does not run.',
  unknown: 'Nobody listens on port 4080.',
};

export function mayuDown(provisioner: string, service: MayuService, said: string | undefined): MayuDown {
  const logs = `See why: coreos-lab exec ${provisioner} -- sudo journalctl -u mayu -n 30`;
  const restart = `Start it again: coreos-lab exec ${provisioner} -- sudo systemctl restart mayu`;
  const remedy: Record<MayuService, string[]> = {
    missing: ['Set Mayu up by lesson 2: coreos-lab run bootstrap'],
    starting: ['Wait a moment, then run the same again.', logs],
    running: ['Wait a moment, then run the same again.', restart, logs],
    stopped: [restart, logs],
    unknown: [restart, 'Or set Mayu up by lesson 2: coreos-lab run bootstrap'],
  };
  return new MayuDown(service, {
    code: 'MAYU_DOWN',
    message: `Mayu does not answer on ${provisioner}.`,
    why: said === undefined ? WHY[service] : `${WHY[service]} ${said}`,
    remedy: remedy[service],
    machine: provisioner,
  });
}
