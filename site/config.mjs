import { linkOnSite, sidebarOf } from './pages.mjs';

const repository = process.env.KUN_SITE_REPOSITORY;

export default {
  title: 'kun',
  description: 'What a NestJS gRPC service needs to live in a fleet',
  lang: 'en',
  cleanUrls: true,
  // The site can be opened at any address, and from a folder of its own behind one.
  base: process.env.KUN_SITE_BASE ?? '/',
  head: [['meta', { name: 'referrer', content: 'no-referrer' }]],
  markdown: {
    // What stands in braces or angle brackets in a guide is text.
    config(markdown) {
      markdown.set({ html: true });
      markdown.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
        if (env.relativePath?.startsWith('reference/')) return;
        for (const { children } of tokens) {
          for (const token of children ?? []) {
            const href = token.type === 'link_open' ? token.attrGet('href') : null;
            if (href) token.attrSet('href', linkOnSite(href, repository));
          }
        }
      });
    },
  },
  // The search index is one large piece by design.
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  themeConfig: {
    sidebar: sidebarOf(repository),
    nav: [
      { text: 'Guides', link: '/' },
      { text: 'API', link: '/reference/@kun/core/' },
    ],
    outline: { level: [2, 3] },
    // Its index is part of the site: no service of somebody else, and no network.
    search: { provider: 'local' },
  },
};
