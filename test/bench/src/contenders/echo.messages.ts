export interface EchoRequest {
  readonly message: string;
}

export interface EchoResponse {
  readonly message: string;
  readonly instance: string;
}

export interface WatchRequest {
  readonly count: number;
}

export interface WatchEvent {
  readonly seq: string;
  readonly message: string;
}
