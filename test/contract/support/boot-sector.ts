/**
 * A guest of 512 bytes that is up in a second: it prints a marker on the serial port, then echoes what it receives. It
 * keeps a counter in memory: each `+` adds one, `=` prints it as a letter (a, b, c …), which shows whether memory came back with
 * a savepoint. It powers off when its power button is pressed or on `!`; after `@` it ignores the button.
 */
export const MARKER = 'LAB GUEST READY';

/** Where a hypervisor has its power management: the first port (status, enable, then control) and what switches off. */
export interface PowerPorts {
  base: number;
  softOff: number;
  /** Does a tick of the timer wake a guest that sleeps? */
  ticks: boolean;
}

/** The PIIX4 as SeaBIOS sets it up. */
export const QEMU_POWER: PowerPorts = { base: 0x600, softOff: 0x2000, ticks: false };
/** Soft off is type 5 in VirtualBox's ACPI tables. */
export const VIRTUALBOX_POWER: PowerPorts = { base: 0x4000, softOff: 0x3400, ticks: true };

export function bootSector(power: PowerPorts = QEMU_POWER): Buffer {
  const code: number[] = [];
  const labels = new Map<string, number>();
  const fixes: [at: number, label: string, bytes: 1 | 2][] = [];
  const emit = (...bytes: number[]) => code.push(...bytes);
  const word = (value: number) => [value & 0xff, value >> 8] as const;
  const status = word(power.base);
  const enable = word(power.base + 2);
  const control = word(power.base + 4);
  const label = (name: string) => labels.set(name, code.length);
  const jump = (opcode: number, name: string) => {
    emit(opcode, 0);
    fixes.push([code.length - 1, name, 1]);
  };
  const call = (name: string) => {
    emit(0xe8, 0, 0);
    fixes.push([code.length - 2, name, 2]);
  };

  emit(0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0); // cli; xor ax,ax; mov ds,es,ss = ax
  emit(0xbc, 0x00, 0x7c); // mov sp,7c00
  emit(0xc6, 0x06, 0x00, 0x05, 0x61); // mov byte [0500],'a'
  emit(0xba, ...enable, 0xb8, 0x00, 0x01, 0xef); // mov dx,enable; mov ax,100; out dx,ax: listen to the power button
  emit(0xbe, 0, 0); // mov si,message
  const messageAt = code.length - 2;
  label('next');
  emit(0xac, 0x84, 0xc0); // lodsb; test al,al
  jump(0x74, 'loop'); // jz loop
  call('send');
  jump(0xeb, 'next');

  label('loop');
  if (power.ticks) emit(0xfb, 0xf4, 0xfa); // sti; hlt; cli: an idle guest leaves the processor to others
  emit(0xba, ...status, 0xed, 0xf6, 0xc4, 0x01); // mov dx,status; in ax,dx; test ah,1
  const pressed = word(0x7c00 + code.length - 1);
  jump(0x75, 'off');
  emit(0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01); // mov dx,3fd; in al,dx; test al,1
  jump(0x74, 'loop');
  emit(0xba, 0xf8, 0x03, 0xec); // mov dx,3f8; in al,dx
  emit(0x3c, 0x2b); // cmp al,'+'
  jump(0x74, 'add');
  emit(0x3c, 0x3d); // cmp al,'='
  jump(0x74, 'show');
  emit(0x3c, 0x21); // cmp al,'!'
  jump(0x74, 'off');
  emit(0x3c, 0x40); // cmp al,'@'
  jump(0x74, 'deaf');
  call('send');
  jump(0xeb, 'loop');

  label('deaf');
  emit(0xc6, 0x06, ...pressed, 0x00); // the test above becomes test ah,0: VirtualBox tells of the button whether one listens or not
  call('send');
  jump(0xeb, 'loop');
  label('add');
  emit(0xfe, 0x06, 0x00, 0x05); // inc byte [0500]
  call('send');
  jump(0xeb, 'loop');
  label('show');
  emit(0xa0, 0x00, 0x05); // mov al,[0500]
  call('send');
  jump(0xeb, 'loop');
  label('off');
  emit(0xba, ...control, 0xb8, ...word(power.softOff), 0xef); // mov dx,control; mov ax,softOff; out dx,ax
  jump(0xeb, 'off');

  label('send');
  emit(0x50, 0xba, 0xfd, 0x03); // push ax; mov dx,3fd
  label('busy');
  emit(0xec, 0xa8, 0x20); // in al,dx; test al,20
  jump(0x74, 'busy');
  emit(0x58, 0xba, 0xf8, 0x03, 0xee, 0xc3); // pop ax; mov dx,3f8; out dx,al; ret

  const message = 0x7c00 + code.length;
  code[messageAt] = message & 0xff;
  code[messageAt + 1] = message >> 8;
  for (const [at, name, bytes] of fixes) {
    const distance = (labels.get(name) as number) - (at + bytes);
    code[at] = distance & 0xff;
    if (bytes === 2) code[at + 1] = (distance >> 8) & 0xff;
  }
  const sector = Buffer.alloc(512);
  sector.set(code, 0);
  sector.write(`\r\n${MARKER}\r\n`, code.length, 'latin1');
  sector[510] = 0x55;
  sector[511] = 0xaa;
  return sector;
}
