import { setServer } from '@tallyship/widget';
import type {} from '@tallyship/widget/vue';
import '@tallyship/widget/tallyship.css';
import { createApp } from 'vue';
import Review from './Review.vue';

setServer(import.meta.env.VITE_TALLYSHIP ?? 'http://127.0.0.1:8080');
createApp(Review).mount('#app');
