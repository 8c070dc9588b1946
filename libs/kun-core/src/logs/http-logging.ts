import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import { REQUEST_ID_HEADER, requestIdFrom } from '../rpc/call-values.js';
import type { ApplicationLogger } from './application-logger.js';
import type { LogRouter } from './log-router.js';

/** Middleware in the form that Node, Express and Nest share. */
export type HttpMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Gives the user's HTTP routes what calls have: a request id, taken over or generated and returned in the response; the
 * id in every line logged under the request; one line when it has ended (info; warn for 4xx; error for 5xx).
 *
 * Only method and path of the request are logged: headers and query strings carry credentials.
 */
export function httpLogging(log: LogRouter, logger: ApplicationLogger): HttpMiddleware {
  const logRequest = pinoHttp({
    logger: logger.pino,
    genReqId: (request, response) => {
      const id = requestIdFrom(request.headers[REQUEST_ID_HEADER]);
      response.setHeader(REQUEST_ID_HEADER, id);
      return id;
    },
    // Lines under the request carry only its id; method, path and status are in the final line.
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id', responseTime: 'http.time_ms' },
    customLogLevel: (_request, response, error) => {
      if (error || response.statusCode >= 500) return 'error';
      return response.statusCode >= 400 ? 'warn' : 'info';
    },
    customSuccessMessage: (_request, response) =>
      response.writableFinished ? 'finished request' : 'aborted request',
    customErrorMessage: () => 'failed request',
    serializers: {
      req: (request: { method: string; url: string }) => ({
        method: request.method,
        path: request.url.split('?')[0],
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });
  return (request, response, next) => {
    logRequest(request, response);
    log.run(next, request.log);
  };
}
