// Examines the log engine of the settings: whether it can be reached and used.
import { type EngineConfig, readEngineCertificates } from '../../config/engine-settings.ts'
import { type Diagnosis, fails } from '../../diagnosis.ts'
import { errorMessage } from '../../text.ts'

/** Loaded when there is such an engine. */
const DIAGNOSES = {
  opensearch: async () => (await import('../../logs/engine/opensearch/diagnosis/diagnose.ts')).diagnose,
}

/** Asks the engine, without changing anything; nothing where none is set. Never rejects. */
export async function examineLogEngine(config: EngineConfig | null): Promise<Diagnosis[]> {
  if (config === null) return []
  try {
    const diagnose = await DIAGNOSES[config.kind]()
    return await diagnose({ ...config, ca: readEngineCertificates(config) })
  } catch (error) {
    return [
      fails('log engine', errorMessage(error), 'Correct the settings LOG_ENGINE_*; docs/log-engine.md has them all.'),
    ]
  }
}
