import { defineConfig } from 'vitest/config';

const VIRTUALBOX = 'test/contract/virtualbox.test.ts';

/**
 * unit: beside the code, no machines. contract: real QEMU, sshd, images. virtualbox: the contract of providers on a real VirtualBox, which is
 * installed first. e2e: real lessons, the TUI in a real terminal.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.{ts,tsx}'], testTimeout: 20_000 } },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          exclude: [VIRTUALBOX],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      { test: { name: 'virtualbox', include: [VIRTUALBOX], testTimeout: 300_000, hookTimeout: 300_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
