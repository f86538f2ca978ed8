// A house that asks a simulated model on a real chat platform, for stories of questions asked under cards.
import { listAnalyses } from '../analysis/analyses.ts'
import { startAnalysedHouse } from './analysis.ts'
import type { TestHouseOptions } from './app.ts'

/** Opens it with an alert on `platform` and lines that tell its cause. */
export async function startAskedHouse(platform: NonNullable<TestHouseOptions['platform']>) {
  const at = await startAnalysedHouse({ channels: [], platform })
  return {
    ...at,
    /** A job fails, and the logs say why. */
    async fails(): Promise<void> {
      await at.trouble()
      const beat = await at.house.hasCheck('job')
      await beat('/fail')
    },
    /** What came between the fences of each first turn that the model was sent. */
    evidence: () => at.model.requests.map(one => /<evidence-\w+>(.*?)<\/evidence-/s.exec(one.text)?.[1] ?? one.text),
    /** The analyses there are, newest first. */
    history: () => listAnalyses(at.house.state, { limit: 100 }),
  }
}

export type AskedHouse = Awaited<ReturnType<typeof startAskedHouse>>
