import type { LabEvent } from '../../engine/events.js';
import { STATE_WORDS } from '../../engine/lab/status-table.js';

/** A listener that tells what the lab does, a line each: states, boot stages, waits, finished downloads, savepoints. */
export function narrate(print: (line: string) => void): (event: LabEvent) => void {
  const labels = new Set<string>();
  const stages = new Map<string, string>();
  const states = new Map<string, string>();
  const once = (id: string, line: string) => {
    if (labels.has(id)) return;
    labels.add(id);
    print(line);
  };
  return (event) => {
    if (event.type === 'machine') {
      // Whoever watches the machines tells the same change again.
      if (states.get(event.machine) === event.state) return;
      states.set(event.machine, event.state);
      print(`${event.machine}: ${STATE_WORDS[event.state]}${event.detail === undefined ? '' : ` (${event.detail})`}`);
    } else if (event.type === 'stage') {
      if (stages.get(event.machine) === event.stage) return;
      stages.set(event.machine, event.stage);
      print(`${event.machine}: ${event.stage} after ${seconds(event.sinceStart)}`);
    } else if (event.type === 'wait') {
      if (!event.done) once(event.id, `${event.label} …`);
      else if (event.ok !== false) print(`${event.label}: done after ${seconds(event.time - event.since)}`);
    } else if (event.type === 'progress') {
      if (event.finished) print(`${event.label}: done${event.unit === 'bytes' ? `, ${megabytes(event.done)}` : ''}`);
      else once(`progress ${event.id}`, `${event.label} …`);
    } else if (event.type === 'savepoint') {
      print(
        `The snapshot ${event.name} was ${event.action} in ${seconds(event.duration)}: ${event.machines.join(', ')}`,
      );
    } else if (event.type === 'notice') print(event.text);
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
