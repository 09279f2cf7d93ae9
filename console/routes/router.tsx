import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import { openFromLink } from '../features/session/open-from-link.js';
import { Opening, OpeningFailed } from '../features/session/opening.js';
import { Home } from './home.js';
import { NotFound } from './not-found.js';
import { Signed } from './signed.js';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

/** Everything that only people with a session may see. */
const signed = createRoute({ getParentRoute: () => root, id: 'signed', component: Signed });

const home = createRoute({ getParentRoute: () => signed, path: '/', component: Home });

const sources = createRoute({
  getParentRoute: () => signed,
  path: '/sources',
  component: lazyRouteComponent(() => import('../features/sources/sources-panel.js'), 'SourcesPanel'),
});

const curation = createRoute({
  getParentRoute: () => signed,
  path: '/curation',
  component: lazyRouteComponent(() => import('../features/curation/curation-page.js'), 'CurationPage'),
});

const publishing = createRoute({
  getParentRoute: () => signed,
  path: '/publishing',
  component: lazyRouteComponent(() => import('../features/publishing/publishing-page.js'), 'PublishingPage'),
});

const retro = createRoute({
  getParentRoute: () => signed,
  path: '/finds',
  component: lazyRouteComponent(() => import('../features/retro/retro-page.js'), 'RetroPage'),
});

const policy = createRoute({
  getParentRoute: () => signed,
  path: '/policy',
  component: lazyRouteComponent(() => import('../features/policy/policy-panel.js'), 'PolicyPanel'),
});

const cases = createRoute({
  getParentRoute: () => signed,
  path: '/cases',
  component: lazyRouteComponent(() => import('../features/cases/cases-page.js'), 'CasesPage'),
});

const actions = createRoute({
  getParentRoute: () => signed,
  path: '/actions',
  component: lazyRouteComponent(() => import('../features/actions/actions-page.js'), 'ActionsPage'),
});

const platforms = createRoute({
  getParentRoute: () => signed,
  path: '/platforms',
  component: lazyRouteComponent(() => import('../features/platforms/platforms-page.js'), 'PlatformsPage'),
});

const open = createRoute({
  getParentRoute: () => root,
  path: '/open',
  beforeLoad: openFromLink,
  pendingMs: 0,
  pendingComponent: Opening,
  errorComponent: OpeningFailed,
});

export const router = createRouter({
  routeTree: root.addChildren([
    signed.addChildren([home, cases, actions, platforms, curation, sources, retro, publishing, policy]),
    open,
  ]),
  defaultPreload: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
