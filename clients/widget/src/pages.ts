// What the server's own pages take from here: the same calls, limits and feed as the widget, with their own look.

import { loadLate } from './server.js';

export { Refusal, Server } from './server.js';

loadLate(() => import('./late.js'));
