import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { PolicyPanel } from '../features/policy/policy-panel.js';
import { openFromLink } from '../features/session/open-from-link.js';
import { Opening, OpeningFailed } from '../features/session/opening.js';
import { SourcesPanel } from '../features/sources/sources-panel.js';
import { Home } from './home.js';
import { NotFound } from './not-found.js';
import { Signed } from './signed.js';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

/** Everything that only people with a session may see. */
const signed = createRoute({ getParentRoute: () => root, id: 'signed', component: Signed });

const home = createRoute({ getParentRoute: () => signed, path: '/', component: Home });

const sources = createRoute({ getParentRoute: () => signed, path: '/sources', component: SourcesPanel });

const policy = createRoute({ getParentRoute: () => signed, path: '/policy', component: PolicyPanel });

const open = createRoute({
  getParentRoute: () => root,
  path: '/open',
  beforeLoad: openFromLink,
  pendingMs: 0,
  pendingComponent: Opening,
  errorComponent: OpeningFailed,
});

export const router = createRouter({
  routeTree: root.addChildren([signed.addChildren([home, sources, policy]), open]),
  defaultPreload: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
