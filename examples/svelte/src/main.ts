import { setServer } from '@tallyship/widget';
import type {} from '@tallyship/widget/svelte';
import '@tallyship/widget/tallyship.css';
import { mount } from 'svelte';
import Review from './Review.svelte';

setServer(import.meta.env.VITE_TALLYSHIP ?? 'http://127.0.0.1:8080');
mount(Review, { target: document.body });
