export { Refusal, Server } from './server.js';
