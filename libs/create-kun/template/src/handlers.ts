// One line for each handler: `npx create-kun add rpc ListThings` writes it.
export { GreetHandler } from './handlers/greet.js';
