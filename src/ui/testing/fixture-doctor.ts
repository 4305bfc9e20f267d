import type { DoctorItem } from '../../engine/lab.js';

/** What a doctor finds on a computer that is nearly ready. */
export function fixtureDoctor(fix: () => Promise<void>): DoctorItem[] {
  const item = (
    id: string,
    title: string,
    status: DoctorItem['status'],
    detail: string,
    remedy: string[] = [],
  ): DoctorItem => ({
    id,
    title,
    status,
    detail,
    remedy,
  });
  return [
    item('node', 'Node.js', 'ok', '22.23.3'),
    item('qemu', 'QEMU', 'ok', 'qemu-system-x86_64 8.2.2'),
    item('accelerator', 'Hardware acceleration', 'warning', '/dev/kvm cannot be opened: permission denied', [
      'Add yourself to the group kvm: sudo usermod -aG kvm $USER, then log in again.',
      'Or go on without it: boots take about four times as long.',
    ]),
    item('memory', 'Memory', 'ok', '6.2 GB free, the lab needs 4.1 GB'),
    item('disk', 'Disk', 'ok', '41 GB free in ~/.local/state'),
    {
      ...item('image', 'Image labos 1.0', 'failed', 'is not in the cache', ['coreos-lab image build']),
      fix,
    },
    item('leftovers', 'Leftover machines', 'ok', 'none'),
  ];
}
