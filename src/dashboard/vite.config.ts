import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: folder('.'),
  // Where it is mounted only the service knows: files name each other from where they lie.
  base: './',
  plugins: [react()],
  build: {
    outDir: folder('../../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // Everything is a file of its own: the policy of the page allows no `data:` sources.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  // `vite src/dashboard` beside a running service.
  server: { proxy: { '/api': process.env['SIGNALBOX_URL'] ?? 'http://127.0.0.1:4400' } },
});
