/** What is served at the paths of one listener. */
import type { ListenerNode, RouteNode } from '../schema/graph/listener.ts';
import type { GenerationView, Handler } from './generation.ts';
import type { LastingWork } from './lasting-work.ts';
import type { Upgrade } from './listen/upgrade.ts';
import type { ChannelContext } from './mcp/channel/channel-exchange.ts';
import { serveEventStream, servePosted } from './mcp/channel/event-stream-channel.ts';
import { requireWebSocket, serveWebSocket } from './mcp/channel/web-socket.ts';
import { serveMcp } from './mcp/serve.ts';
import type { Place } from './mcp/server.ts';
import type { TurnTaking } from './reload/turn-taking.ts';

/** What channels are made from. */
export interface RouteContext extends ChannelContext {
  readonly work: Pick<LastingWork, 'channels'>;
  readonly current: () => GenerationView;
}

/** By exact path. */
export interface Routes {
  readonly routes: ReadonlyMap<string, Handler>;
  readonly upgrades: ReadonlyMap<string, Upgrade>;
}

/** `placeOf` makes the place of a route's endpoint. Others get their turn between routes. */
export const prepareRoutes = async (
  node: ListenerNode,
  placeOf: (route: RouteNode) => Place,
  context: RouteContext,
  turns: TurnTaking,
): Promise<Routes> => {
  const routes = new Map<string, Handler>();
  const upgrades = new Map<string, Upgrade>();
  const postPath = ({ endpoint, server }: RouteNode): string =>
    node.routes.find(
      (each) => each.endpoint === endpoint && each.server === server && each.speaks === 'messages',
    )!.path;
  for (const route of node.routes) {
    await turns.next();
    const { path } = route;
    const place = placeOf(route);
    switch (route.speaks) {
      case 'mcp':
        routes.set(path, serveMcp(place));
        break;
      case 'event-stream':
        routes.set(path, serveEventStream(place, context.work.channels, postPath(route)));
        break;
      case 'messages':
        routes.set(path, servePosted(place, context.work.channels, context));
        break;
      case 'websocket': {
        const now = () => context.current().listener(node.name)?.upgrades.get(path)?.place;
        routes.set(path, requireWebSocket);
        upgrades.set(path, serveWebSocket(place, { ...context, place: now }));
        break;
      }
      default:
        route.speaks satisfies never;
    }
  }
  return { routes, upgrades };
};
