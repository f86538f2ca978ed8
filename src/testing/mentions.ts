// An app with a simulated model on a real chat platform, for stories of questions under cards.
import { listAnalyses } from '../analysis/analyses.ts'
import { startAppWithModel } from './analysis.ts'
import type { TestAppOptions } from './app.ts'

/** Starts the app on `platform`. */
export async function startAppWithMentions(platform: NonNullable<TestAppOptions['platform']>) {
  const at = await startAppWithModel({ channels: [], platform })
  return {
    ...at,
    /** A job fails, and the logs contain the cause. */
    async fails(): Promise<void> {
      await at.incident()
      const beat = await at.app.hasCheck('job')
      await beat('/fail')
    },
    /** The fenced evidence of each request to the model. */
    evidence: () => at.model.requests.map(({ text }) => /<evidence-\w+>(.*?)<\/evidence-/s.exec(text)?.[1] ?? text),
    /** All analyses, newest first. */
    history: () => listAnalyses(at.app.state, { limit: 100 }),
  }
}

export type AppWithMentions = Awaited<ReturnType<typeof startAppWithMentions>>
