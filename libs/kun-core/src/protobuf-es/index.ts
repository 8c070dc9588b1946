export type { Client, ClientMethod } from './client.js';
export { protobufEs } from './protobuf-es.js';
export type { HandlerOf, ResponseInit, ServiceImpl } from './handlers.js';
export { Rpc } from './rpc.js';
