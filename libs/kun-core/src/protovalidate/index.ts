export { protovalidate, type ProtovalidateOptions } from './request-rules.js';
