import { LabError } from '../../errors.js';
import { diskFull, isNoSpace, lastLines, notRunning, portTaken } from '../common/errors.js';
import { errorLines } from './parse.js';

/** What a call was about, for the message. */
export interface CallContext {
  machine?: string | undefined;
  /** What could not be done, such as "be paused" or "be started". */
  action?: string | undefined;
  /** Directory of the lab, named where its disk is full. */
  directory?: string | undefined;
}

interface Known {
  pattern: RegExp;
  code: string;
  /** The sentence after "core-01 could not be started: ". */
  says: string;
  remedy: string[];
}

const DRIVER_REMEDY = [
  'Load it: sudo modprobe vboxdrv, or have it built again: sudo /sbin/vboxconfig (Debian: sudo dpkg-reconfigure virtualbox-dkms)',
  'Then look again: coreos-lab doctor',
];

/**
 * What VBoxManage says of things that people can put right, in the order in which they are looked for: a start without the driver also
 * has an error of the machine. Those of the processor and of Hyper-V are as VirtualBox's manual and source have them.
 */
const KNOWN: readonly Known[] = [
  {
    pattern: /Kernel driver not installed|VERR_VM_DRIVER_(NOT_INSTALLED|NOT_ACCESSIBLE|LOAD_ERROR)|\(-19\d\d\)/,
    code: 'VIRTUALBOX_DRIVER',
    says: "VirtualBox's driver is not loaded",
    remedy: DRIVER_REMEDY,
  },
  {
    pattern: /VERR_(VMX_IN_VMX_ROOT_MODE|SVM_IN_USE)/,
    code: 'VIRTUALIZATION_IN_USE',
    says: 'another hypervisor, most likely KVM, has the processor’s virtualisation',
    remedy: [
      'Let go of it: sudo modprobe -r kvm_intel kvm_amd kvm',
      'Or use it: coreos-lab --provider qemu (in a new lab)',
    ],
  },
  {
    pattern:
      /VERR_(VMX_NO_VMX|SVM_NO_SVM|VMX_MSR_\w+|SVM_DISABLED)|VT-x is (not available|disabled)|AMD-V is disabled/i,
    code: 'VIRTUALIZATION_OFF',
    says: 'hardware virtualisation is switched off or missing',
    remedy: ["Switch on VT-x or AMD-V in the computer's firmware (BIOS or UEFI set-up)."],
  },
  {
    pattern: /VERR_NEM_\w+|Hyper-V|WHv\w+/,
    code: 'VIRTUALBOX_HYPERV',
    says: 'Hyper-V holds the processor’s virtualisation',
    remedy: ['Switch it off in an administrator’s console and restart: bcdedit /set hypervisorlaunchtype off'],
  },
  {
    pattern: /VERR_SUP_DRIVERLESS|driverless mode/,
    code: 'VIRTUALBOX_DRIVER',
    says: 'this kind of network needs VirtualBox’s driver, which is not loaded',
    remedy: DRIVER_REMEDY,
  },
  {
    pattern: /\/dev\/vboxnetctl|VBoxNetAdpCtl/,
    code: 'HOSTONLY_DRIVER',
    says: 'the driver for host-only networks is not loaded',
    remedy: [
      'Load it: sudo modprobe vboxnetadp',
      'Or do without: network mode tunnel in lab.yaml, which is the default.',
    ],
  },
  {
    pattern: /not within the allowed ranges|E_ACCESSDENIED[\s\S]*HostNetworkInterface/,
    code: 'HOSTONLY_RANGE',
    says: 'VirtualBox does not allow this range of addresses for a host-only network',
    remedy: ['Allow it with a line in /etc/vbox/networks.conf, such as: * 192.168.2.0/24'],
  },
  {
    pattern: /Nonexistent host networking interface|Could not find interface|Interface "[^"]*" doesn't seem to exist/,
    code: 'HOSTONLY_MISSING',
    says: 'its host-only network is gone',
    remedy: ['Start the machine again: the network is made anew.'],
  },
  {
    pattern: /VBOX_E_PLATFORM_ARCH_NOT_SUPPORTED/,
    code: 'VIRTUALBOX_APPLE_SILICON',
    says: 'this computer’s VirtualBox runs ARM guests only',
    remedy: ['Use QEMU: provider: qemu in lab.yaml'],
  },
  {
    pattern: /VERR_NO_(MEMORY|PAGE_MEMORY|LOW_MEMORY)|VERR_MEMORY_\w+|Not enough memory/i,
    code: 'NOT_ENOUGH_MEMORY',
    says: 'VirtualBox got no memory for it from the system',
    remedy: ['Close other programs, halt other machines, or give this machine less memory in lab.yaml.'],
  },
  {
    pattern: /(RawFile|NamedPipe)#\d failed/,
    code: 'CONSOLE_UNAVAILABLE',
    says: 'its serial port could not be opened',
    remedy: ['Check that XDG_RUNTIME_DIR can be written to, then run the command again.'],
  },
  {
    pattern: /File not found\. \(VERR_FILE_NOT_FOUND\)|Could not (find file for|open) the medium/,
    code: 'DISK_MISSING',
    says: 'its disk, or the image that it is based on, is missing',
    remedy: ['Make it anew: coreos-lab destroy MACHINE, then coreos-lab up MACHINE'],
  },
];

/** A session that is just being opened or closed. */
const BUSY =
  /(already|while it is) locked|being (un)?locked|The session is not locked|The object is not ready|Failed to get a console object/;

/** A machine is just being started, ended or saved: the same call will succeed in a moment. */
export function isLocked(error: unknown): boolean {
  return error instanceof LabError && error.code === 'VIRTUALBOX_LOCKED';
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof LabError && codes.includes(error.code);
}

/** Turns what VBoxManage printed into an error that says what to do. `verb` is its first argument. */
export function callFailed(verb: string, output: string, context: CallContext): LabError {
  const { machine, action } = context;
  const lines = errorLines(output);
  const words =
    lines.filter((line) => !line.startsWith('Details: ')).join(' ') || lastLines(output).at(-1) || 'it printed nothing';
  const shared = {
    evidence: lines.length > 0 ? lines : lastLines(output),
    ...(machine === undefined ? {} : { machine }),
  };
  const what = subject(verb, machine, action);
  if (/is not currently running|Machine is not running/i.test(output) && machine !== undefined) {
    return notRunning(machine, action ?? 'be told anything');
  }
  if (/Could not find a registered machine/.test(output)) {
    return new LabError({
      code: 'VIRTUALBOX_MACHINE_GONE',
      message: `${what}: VirtualBox does not know the machine any more.`,
      remedy: machine === undefined ? ['coreos-lab status'] : [`Make it anew: coreos-lab up ${machine}`],
      ...shared,
    });
  }
  const port = /A NAT rule of this host port|failed to set up redirection of (\d+)/.exec(output)?.[1];
  if (port !== undefined && machine !== undefined) return portTaken(machine, Number(port));
  if (BUSY.test(output)) {
    return new LabError({
      code: 'VIRTUALBOX_LOCKED',
      message: `${what}: VirtualBox is busy with it: ${words}`,
      remedy: ['Close its settings and windows in VirtualBox, then run the command again.'],
      ...shared,
    });
  }
  if (isNoSpace(output) || /VERR_DISK_FULL/.test(output))
    return diskFull(what, context.directory ?? '.', machine, output);
  const known = KNOWN.find(({ pattern }) => pattern.test(output));
  if (known !== undefined) {
    return new LabError({
      code: known.code,
      message: `${what}: ${known.says} (${words}).`,
      remedy: known.remedy.map((line) => line.replaceAll('MACHINE', machine ?? 'MACHINE')),
      ...shared,
    });
  }
  return new LabError({
    code: 'VIRTUALBOX_FAILED',
    message: `${what}: ${words}`,
    remedy: [
      'coreos-lab doctor',
      ...(machine === undefined ? [] : [`If the machine is damaged: coreos-lab destroy ${machine}`]),
    ],
    ...shared,
  });
}

function subject(verb: string, machine: string | undefined, action: string | undefined): string {
  if (machine === undefined) return `VBoxManage ${verb} failed`;
  return action === undefined ? `VBoxManage ${verb} failed for ${machine}` : `${machine} could not ${action}`;
}
