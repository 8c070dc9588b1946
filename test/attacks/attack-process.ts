/** One attack in a process of its own: `node attack-process.ts <name> <port> <seconds> <scale>`; prints the outcome. */
import { attackNamed } from './attacks.ts';
import { Campaign } from './campaign.ts';

const [name = '', port, seconds, scale] = process.argv.slice(2);
const campaign = new Campaign({ port: Number(port), seconds: Number(seconds), scale: Number(scale ?? 1) });
await attackNamed(name).run(campaign);
const { made, cut, goAways } = campaign;
process.stdout.write(`${JSON.stringify({ made, cut, goAways: [...goAways] })}\n`);
campaign.end();
