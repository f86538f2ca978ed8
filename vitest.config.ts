import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['src/**/*.test.ts', 'commands/**/*.test.ts'], testTimeout: 20_000 },
})
