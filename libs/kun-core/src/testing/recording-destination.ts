/** A destination of log lines that keeps them, read back as objects. */
export class RecordingDestination {
  /** The lines as they were written. */
  readonly text: string[] = [];

  write(line: string): void {
    this.text.push(line);
  }

  get lines(): Array<Record<string, unknown>> {
    return this.text.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The lines whose message is this one. */
  withMessage(message: string): Array<Record<string, unknown>> {
    return this.lines.filter((line) => line['msg'] === message);
  }
}
