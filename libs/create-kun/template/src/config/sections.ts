// One line for each section: `npx create-kun add config Limits` writes it.
export { greetingSchema } from './greeting.js';
