import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// Vue takes a tag with a dash for a component of its own, unless it is told.
export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === 'ship-vote' } } })],
});
