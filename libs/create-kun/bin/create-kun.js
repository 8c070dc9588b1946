#!/usr/bin/env node
// A file of its own, since npm makes it executable before anything is compiled.
await import('../dist/main.js');
