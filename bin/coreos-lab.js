#!/usr/bin/env node
// Old syntax on purpose: this file must run on any Node so that it can say which one is needed.
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 12)) {
  process.stderr.write(
    'coreos-lab needs Node.js 22.12 or newer, and this is ' +
      process.versions.node +
      ': install a newer one (nodejs.org, nvm or your package manager), or run ./coreos-lab in a checkout, which brings its own.\n',
  );
  process.exit(2);
}
process.env.NODE_ENV = 'production';
// A heap that may grow by a third between collections, not by several times: 30 MB less while consoles flood (docs/performance.md).
// Before the compile cache, whose entries hold for one set of flags.
process.getBuiltinModule('node:v8').setFlagsFromString('--heap-growing-percent=30');
import('node:module').then((module) => {
  module.enableCompileCache();
  return import('../dist/main.js');
});
