export { solve } from './challenge.js';
export { Refusal, Server } from './server.js';
