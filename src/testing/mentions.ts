// A app that asks a simulated model on a real chat platform, for stories of questions asked under cards.
import { listAnalyses } from '../analysis/analyses.ts'
import { startAppWithModel } from './analysis.ts'
import type { TestAppOptions } from './app.ts'

/** Opens it with an alert on `platform` and lines that tell its cause. */
export async function startAppWithMentions(platform: NonNullable<TestAppOptions['platform']>) {
  const at = await startAppWithModel({ channels: [], platform })
  return {
    ...at,
    /** A job fails, and the logs say why. */
    async fails(): Promise<void> {
      await at.trouble()
      const beat = await at.app.hasCheck('job')
      await beat('/fail')
    },
    /** What came between the fences of each first turn that the model was sent. */
    evidence: () => at.model.requests.map(({ text }) => /<evidence-\w+>(.*?)<\/evidence-/s.exec(text)?.[1] ?? text),
    /** The analyses there are, newest first. */
    history: () => listAnalyses(at.app.state, { limit: 100 }),
  }
}

export type AppWithMentions = Awaited<ReturnType<typeof startAppWithMentions>>
