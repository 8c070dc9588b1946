import { registerHooks } from 'node:module';
import { expect, it } from 'vitest';
import { startLinked } from '../clients/linked-service.js';

it('names the key and the remedy when the SDK of /mcp is not installed', async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.includes('@modelcontextprotocol/server')) return next(specifier, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    },
  });
  try {
    const starting = startLinked({ handlers: {}, config: { Admin: { MCP: true } } });
    await expect(starting).rejects.toThrow(
      'Admin.MCP: true needs the package @modelcontextprotocol/server, which is not installed; run "npm install @modelcontextprotocol/server" or change the setting',
    );
  } finally {
    hooks.deregister();
  }
});
