import { defineConfig } from 'vitest/config'

/** Journeys wait far more than they work: all run at once, each as another learner. */
export default defineConfig({
  test: {
    include: ['*.journey.ts', '*.pictures.ts'],
    globalSetup: ['./house.ts'],
    pool: 'threads',
    maxWorkers: 12,
    testTimeout: 420_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    reporters: ['verbose'],
  },
})
