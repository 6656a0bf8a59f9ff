// What the server's own pages take from here: the same calls, limits and feed as the widget, with their own look.

export { solve } from './challenge.js';
export { Refusal, Server } from './server.js';
