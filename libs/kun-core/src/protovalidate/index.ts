export { protovalidate, type ProtovalidateOptions } from './protovalidate.js';
