import { OnConfigChange } from '@kun/config';
import { Controller, Get, Logger } from '@nestjs/common';
import { GreetingConfig } from './greeting.config.js';

@Controller('greeting')
export class GreetingController {
  private readonly logger = new Logger(GreetingController.name);

  constructor(private readonly config: GreetingConfig) {}

  @Get()
  greet(): string {
    // Read anew for each request, so an edit of the file takes effect at once.
    const { Text, Loud } = this.config.value;
    return Loud ? `${Text.toUpperCase()}!` : Text;
  }

  @OnConfigChange('Greeting.Text')
  changed(text: string, previous: string): void {
    this.logger.log(`from now on ${text} instead of ${previous}`);
  }
}
