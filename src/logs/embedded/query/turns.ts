// Turns of the searches in one worker: after each slice the search goes on that has used the least time, so a short search
// waits for one slice of a long one at most.

type Waiting = { usedMs: number; resume: () => void }

const waiting: Waiting[] = []
let isScheduled = false

/** Waits for the next turn of a search that has used so much time (ms); other work of the worker runs in between. */
export function nextTurn(usedMs: number): Promise<void> {
  return new Promise(resume => {
    waiting.push({ usedMs, resume })
    schedule()
  })
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  // After what has come in meanwhile, such as another search.
  setImmediate(() => {
    isScheduled = false
    const next = waiting.reduce((a, b) => (b.usedMs < a.usedMs ? b : a))
    waiting.splice(waiting.indexOf(next), 1)
    next.resume()
    if (waiting.length > 0) schedule()
  })
}
