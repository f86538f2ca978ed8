// Answers what clients of Elasticsearch ask beside storing documents, once their key is known.
import type { IncomingMessage } from 'node:http'
import { Problem } from '../../problem.ts'
import { pathIn } from '../access/paths.ts'
import { showsKey } from '../access/shown-keys.ts'
import { errorReply } from '../protocols/elasticsearch/answers.ts'
import { readProbe, rootReply } from '../protocols/elasticsearch/probes.ts'
import type { Asked, Reply } from '../protocols/protocol.ts'
import { authenticateAndRead, type ReceiveOptions, readParameters } from './authenticate.ts'

/**
 * The answer to a request that only a client of Elasticsearch makes; null for any other. A path that may mean anything, such
 * as `HEAD /app`, is answered only to who shows a key.
 */
export async function receiveProbe(
  options: ReceiveOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Reply | null> {
  const probe = readProbe(askedOf(request))
  if (probe === null || (probe.isBare && !showsKey(request))) return null
  return (await refusal(options, request, incoming)) ?? probe.reply
}

/** The answer to `GET /` of a client: who the server is, or that its key is wrong. Without a key it is answered too. */
export async function receiveRootProbe(
  options: ReceiveOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Reply> {
  const refused = showsKey(request) ? await refusal(options, request, incoming) : null
  return refused ?? rootReply(request)
}

async function refusal(
  options: ReceiveOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Reply | null> {
  try {
    await authenticateAndRead(options, request, incoming, readParameters(request.url), options.clock.now())
    return null
  } catch (error) {
    if (error instanceof Problem) return errorReply(error)
    throw error
  }
}

function askedOf({ method, url, headers }: Request): Asked {
  return { method, headers, path: pathIn(url), parameters: readParameters(url) }
}
