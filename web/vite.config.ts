import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'

const api = process.env.ZHIPEI_API ?? 'http://127.0.0.1:8080'

export default defineConfig(({ mode }) => ({
  plugins: [
    vue(),
    // Unit tests mount without the library's style sheets.
    Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: mode === 'test' ? false : 'css' })] }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2022', sourcemap: false },
  server: {
    // The list of common passwords is the server's own, and so are the codes of problems that a test looks up.
    fs: { allow: ['.', '../node_modules', '../crates/domain/src', '../crates/api/src'] },
    proxy: {
      '/api': { target: api, ws: true },
      '/media': { target: api },
      '/hour-lists': { target: api },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.spec.ts', 'shared/**/*.spec.ts'] },
}))
