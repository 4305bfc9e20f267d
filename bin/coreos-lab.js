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
import('node:module').then((module) => {
  module.enableCompileCache();
  return import('../dist/main.js');
});
