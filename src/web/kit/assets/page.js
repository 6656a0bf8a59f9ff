// Everything that moves on a page. A page is complete without it.
import { follow } from './live.js';
import { takeVotes } from './vote.js';

takeVotes();
follow();
