/** The messages of `proto/echo.proto` as kun hands them over. */
export interface EchoRequest {
  message: string;
  delay_ms: number;
  fail_code: number;
}

export interface EchoResponse {
  message: string;
  instance: string;
}

export interface WatchRequest {
  count: number;
  interval_ms: number;
}

export interface WatchEvent {
  /** 64 bits: a string in JavaScript. */
  seq: string;
  message: string;
}
