// Somebody changes where alerts go.
import type { Routing } from '../model/routing.ts'
import { planRoutes, rerouteLines } from '../routing.ts'
import { stepKind } from './step.ts'

export const reroute = stepKind<{ routes: Routing['routes'] }>({
  name: 'reroute',
  weight: 2,
  plan: (random, site) => (site.hasRouting ? { routes: planRoutes(random) } : null),
  async play(world, { routes }) {
    for (const line of rerouteLines(routes)) {
      const answer = await world.command(line)
      if (!answer?.ok && !world.wasReached()) return
      world.model.routeChanges.push({ at: world.clock.now(), routes, isCertain: answer?.ok ?? false })
    }
  },
})
