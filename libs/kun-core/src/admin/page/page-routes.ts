import type { ServerResponse } from 'node:http';
import { HttpError } from '../access/http-error.js';
import type { AdminRoute } from '../access/route.js';
import { readPageFiles, type PageFile, type PageFiles } from './page-files.js';

/** The operator's page at `/`, and its files below `/page/`. */
export function pageRoutes(): AdminRoute[] {
  const page = new LazyPage();
  return [
    {
      method: 'GET',
      path: '/',
      needs: 'reading',
      query: 'any',
      async handle({ response }) {
        const { document } = await page.files();
        // Beside the port's own files: the map of imports, which browsers take from the document alone.
        const policy = String(response.getHeader('Content-Security-Policy'));
        response.setHeader(
          'Content-Security-Policy',
          policy.replace("script-src 'self'", `script-src 'self' '${document.scriptHash}'`),
        );
        return send(response, document);
      },
    },
    {
      method: 'GET',
      path: '/page/{id}',
      needs: 'reading',
      query: 'any',
      async handle({ response, id }) {
        const file = (await page.files()).files.get(id);
        if (!file) throw new HttpError(404, 'the page has no such file');
        return send(response, file);
      },
    },
  ];
}

/** Read for the first request, since most processes are never looked at. */
class LazyPage {
  private read: Promise<PageFiles> | undefined;

  files(): Promise<PageFiles> {
    const read = (this.read ??= readPageFiles());
    // A failure is retried for the next request.
    read.catch(() => (this.read = undefined));
    return read;
  }
}

function send(response: ServerResponse, { contentType, body }: PageFile): undefined {
  response.setHeader('Content-Type', contentType);
  response.end(body);
}
