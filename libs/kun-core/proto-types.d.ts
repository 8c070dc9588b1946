// What ts-proto's services of the style `nice-grpc` refer to, so that its types describe kun's clients and handlers as
// they are. One line in one file of the service brings it in: /// <reference types="@kun/core/proto-types" />
declare module 'nice-grpc-common' {
  /** The second argument of a typed client's methods. */
  export type CallOptions = import('@kun/core').CallOptions;
  /** The second argument of a handler: the request's metadata. */
  export type CallContext = import('@grpc/grpc-js').Metadata;
}
