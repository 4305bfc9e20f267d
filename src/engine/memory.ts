/** What a hypervisor takes beside its guest's memory, MiB; with emulation most of it is the translation cache. */
const OVERHEAD_MIB = { emulated: 200, native: 80 };

export function hypervisorOverheadMiB(emulated: boolean): number {
  return emulated ? OVERHEAD_MIB.emulated : OVERHEAD_MIB.native;
}

/** Memory that a new process can have, MiB: the system's estimate, within the limit of a container. */
export function availableMiB(): number {
  return Math.floor(process.availableMemory() / 1024 / 1024);
}
