// Made from docs/openapi.json by `npm run generate`; not to be edited.

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The list of tools */
        get: operations["showIndex"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{version}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A style sheet, a script or a picture of the pages
         * @description With another version it answers too, and is not kept for good.
         */
        get: operations["getAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/badge/{slug}.svg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A picture of panel and community */
        get: operations["showBadge"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leads to a comparison */
        get: operations["findComparison"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/compare/{pair}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Two tools side by side */
        get: operations["showComparison"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document for readers
         * @description Needs nothing from elsewhere, and no script.
         */
        get: operations["showDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page's style sheet */
        get: operations["getDocsAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/embed/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The page inside an iframe
         * @description Works without JavaScript.
         */
        get: operations["showEmbed"];
        put?: never;
        /**
         * A vote by the iframe page's form
         * @description A visitor without a token gets one on the way.
         */
        post: operations["postEmbedVote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/embed/tallyship.js": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The widget's script
         * @description `<ship-vote tool="codestral-2">`. Beside it stand the widget's and the iframe page's style sheets, `resize.js`, which gives iframes their height, and each file under an address that holds a stamp of its bytes and so never changes.
         */
        get: operations["getWidget"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/favicon.ico": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The site's icon */
        get: operations["getFavicon"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feeds/{slug}.atom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A feed of one tool
         * @description The last 30 days on which its counts changed. A tool whose slug is `movers` has none: that address is the feed of all.
         */
        get: operations["getToolFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feeds/movers.atom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A feed of the tools that move
         * @description The tools whose percentage moved most on each of the last eight days (UTC), ten a day at most; a first percentage counts too.
         */
        get: operations["getMovers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fragment/{slug}.html": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The numbers as a piece of HTML
         * @description For a page that a server puts together: no script, no style; addresses are whole, names are escaped.
         */
        get: operations["getFragment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/llms.txt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the site is, for language models
         * @description Markdown, as llmstxt.org has it.
         */
        get: operations["getLlmsText"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log for readers
         * @description Checks a pasted receipt in the browser.
         */
        get: operations["showLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/{log}/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest checkpoint
         * @description A signed note of c2sp.org/tlog-checkpoint; a new one every four seconds, while votes come.
         */
        get: operations["getLaterLogCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/{log}/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The verifier key
         * @description `name+hash+base64`, of c2sp.org/signed-note.
         */
        get: operations["getLaterLogKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/{log}/lists/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ballots that an `exclude` or `include` line names
         * @description Sorted by bytes, each on a line.
         */
        get: operations["getLaterLogList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/{log}/tile/{level}/{tile}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tile of hashes, or a bundle of entries
         * @description As c2sp.org/tlog-tiles has them; they never change.
         */
        get: operations["getLaterLogTile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest checkpoint
         * @description A signed note of c2sp.org/tlog-checkpoint; a new one every four seconds, while votes come.
         */
        get: operations["getLogCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The verifier key
         * @description `name+hash+base64`, of c2sp.org/signed-note.
         */
        get: operations["getLogKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/lists/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ballots that an `exclude` or `include` line names
         * @description Sorted by bytes, each on a line.
         */
        get: operations["getLogList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log/tile/{level}/{tile}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tile of hashes, or a bundle of entries
         * @description As c2sp.org/tlog-tiles has them; they never change.
         */
        get: operations["getLogTile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A message of the Model Context Protocol
         * @description Streamable HTTP without sessions and streams. The tools list, search and compare, and read tallies, histories and reviews; none votes. An `Origin`, which only browsers send, must be allowed.
         */
        post: operations["postMcpMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits, the tools, and the newest acts */
        get: operations["showOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the detector raised, newest first */
        get: operations["showAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/alerts/{id}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Look at an alert */
        get: operations["previewDismissal"];
        put?: never;
        /** Dismiss an alert */
        post: operations["postDismissal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/alerts/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One reset of several alerts */
        get: operations["previewResetOfAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every privileged act, newest first */
        get: operations["showAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/bans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bans in force, newest first */
        get: operations["showBans"];
        put?: never;
        /** Ban a voter or a network */
        post: operations["postBan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/bans/{id}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview lifting a ban */
        get: operations["previewLift"];
        put?: never;
        /** Lift a ban */
        post: operations["postLift"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/bans/new": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview a ban */
        get: operations["previewBan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/held": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Held votes, by network */
        get: operations["showHeld"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/held/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview what becomes of held votes */
        get: operations["previewSettle"];
        put?: never;
        /** Release or reject the held votes that were previewed */
        post: operations["postSettle"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/periods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Excluded periods, newest first */
        get: operations["showPeriods"];
        put?: never;
        /** Exclude a period */
        post: operations["postPeriod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/periods/{id}/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview a period's deletion */
        get: operations["previewDeletion"];
        put?: never;
        /** Let a period's votes count again */
        post: operations["postDeletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/periods/new": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview excluding a period */
        get: operations["previewPeriod"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview a reset */
        get: operations["previewReset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/resets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Resets, newest first */
        get: operations["showResets"];
        put?: never;
        /** Carry out the reset that was previewed */
        post: operations["postReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/resets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One reset */
        get: operations["showReset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/resets/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview an undo */
        get: operations["previewUndo"];
        put?: never;
        /** Put a reset's votes back */
        post: operations["postUndo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sign-in */
        get: operations["showSignIn"];
        put?: never;
        /**
         * Begin a session
         * @description From our own page only. Tries that fail are counted by network.
         */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/sign-in/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Take what the identity provider answers
         * @description Its redirect leads here. Tries that fail are counted by network.
         */
        get: operations["finishProviderSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/sign-in/provider": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign in with the site's identity provider
         * @description OpenID Connect.
         */
        get: operations["beginProviderSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/tools/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tool: its course, and what stands out */
        get: operations["showToolToModerators"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/tools/{slug}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview a merge into another tool */
        get: operations["previewMerge"];
        put?: never;
        /** Merge the tool into another */
        post: operations["postMerge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/tools/{slug}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Preview a freeze, or its end */
        get: operations["previewState"];
        put?: never;
        /** Freeze the votes on a tool, or open them */
        post: operations["postState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Votes, newest first */
        get: operations["showVotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/votes.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same votes as CSV */
        get: operations["exportVotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was posted to other servers, newest first */
        get: operations["showWebhooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/moderation/webhooks/{id}/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Look at a delivery */
        get: operations["previewSendAgain"];
        put?: never;
        /** Send a delivery again */
        post: operations["postSendAgain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oembed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * oEmbed 1.0
         * @description An address of ours becomes an iframe that another site may paste.
         */
        get: operations["getOembed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description OpenAPI 3.1.
         */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/preview/compare/{pair}.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The same of two tools
         * @description And who leads.
         */
        get: operations["showComparePreview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/preview/tools/{slug}.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A picture for link previews
         * @description 1200 × 630 pixels: name, panel, community and its margin. What the font lacks of a name (it has Latin, Greek and Cyrillic) is left out; a name of nothing else is drawn as the slug.
         */
        get: operations["showToolPreview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/robots.txt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What crawlers may read, and where the sitemap is */
        get: operations["getRobots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sitemap.xml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pages of all tools but archived ones */
        get: operations["getSitemap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tools/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tool */
        get: operations["showTool"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tools/{slug}/vote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A vote by plain form
         * @description From our own pages only. A visitor without a token gets one on the way.
         */
        post: operations["postVote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Two to four tools side by side
         * @description `verdict` says who leads by panel and by community; null for a tie, or while the 95 % interval of the difference (Newcombe 1998, method 10) holds zero.
         */
        get: operations["compareTools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/compare/jsonld": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Two to four tools as schema.org's structured data
         * @description An `ItemList` of them.
         */
        get: operations["getComparisonData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The logs of this site
         * @description Oldest first; votes go into the last.
         */
        get: operations["listLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/ballots/{ballot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the newest log says of a ballot
         * @description Known once it is under a checkpoint, which takes five seconds at most.
         */
        get: operations["getBallot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/proofs/{index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The proof that an entry is in the newest log
         * @description As c2sp.org/tlog-proof has it; it can be checked without this server.
         */
        get: operations["getProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the detector raised, newest first
         * @description Each with its numbers, and a `filter` to send as a reset, with a reason. No vote is taken out by an alert.
         */
        get: operations["listAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/alerts/{id}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that an alert needs no more looking at
         * @description It comes back only if the same thing grows to twice what it was.
         */
        post: operations["dismissAlert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every privileged act, newest first
         * @description Each entry holds the hash of the one before.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/audit/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The end of the audit chain
         * @description Keep it elsewhere, and `tallyship verify --head HASH` finds what was cut off since.
         */
        get: operations["getAuditHead"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/bans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bans in force, newest first */
        get: operations["listBans"];
        put?: never;
        /**
         * Ban a voter, a network, or all of a list
         * @description Their votes stay as they are. A list is banned as a whole or not at all.
         */
        post: operations["banVoter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/bans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lift a ban */
        delete: operations["liftBan"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What stands out on a tool
         * @description Networks and bursts of votes, each with the numbers behind the suspicion.
         */
        get: operations["listClusters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/held": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Held votes, newest first
         * @description Votes of many fresh visitors of one network that look like one hand's: kept, in no tally, and their voters are not told.
         */
        get: operations["listHeld"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/held/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject held votes
         * @description They never count, unless they are released. Their voters are not told.
         */
        post: operations["rejectHeld"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/held/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let held votes count
         * @description All criteria given must match. They count as cast when they were cast; with `rejected`, those that were rejected.
         */
        post: operations["releaseHeld"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was taken out and put back, for everybody
         * @description Where the site turned that on; without personal data.
         */
        get: operations["listPublicLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/periods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Periods, newest first */
        get: operations["listPeriods"];
        put?: never;
        /**
         * Exclude a span
         * @description Its votes leave the tally and stay in the chart. A dry run says what that would do.
         */
        post: operations["excludePeriod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/periods/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Let a period's votes count again */
        delete: operations["includePeriod"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/resets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Resets and merges, newest first */
        get: operations["listResets"];
        put?: never;
        /**
         * Take votes out, or see what that would do
         * @description All criteria given must match, and only votes that count now are taken. A dry run gives a `plan`; with it, nothing is taken out that was not seen. The votes leave the tally at once.
         */
        post: operations["resetVotes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/resets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One reset */
        get: operations["getReset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/resets/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a reset's votes back
         * @description Each that its voter has not cast again or withdrawn since; bans that came with it are lifted.
         */
        post: operations["undoReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/tools/{slug}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Freeze the votes on a tool, or open them */
        put: operations["setState"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/moderation/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Current votes, newest first
         * @description Also those that a reset took out. A network has the same hash on every tool.
         */
        get: operations["listVotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/redirects/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Free a slug that a renamed tool had
         * @description Its addresses lead nowhere then, and another tool may take it.
         */
        delete: operations["freeSlug"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tallies as they change
         * @description Server-sent events: `event: tally`, `id: SLUG:VERSION`, `data:` a Tally. First the present tally of each tool, then each change, at most ten a second a tool, always the newest. A comment every 15 s keeps the line open.
         */
        get: operations["streamTallies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tallies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Many tallies */
        get: operations["listTallies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The catalogue with its tallies
         * @description Page by page; archived tools are not in it. `community` sorts by the lower bound of the interval.
         */
        get: operations["listTools"];
        put?: never;
        /**
         * Make or replace many tools
         * @description All of them, or none and each bad one named. A bare list is taken too.
         */
        post: operations["putTools"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tool with its reviews and its tally */
        get: operations["getTool"];
        /**
         * Make or replace a tool
         * @description Brings an archived tool back. A slug that a renamed tool had is 409 until it is freed.
         */
        put: operations["putTool"];
        post?: never;
        /**
         * Archive a tool
         * @description It leaves the lists and takes no votes; its votes stay.
         */
        delete: operations["archiveTool"];
        options?: never;
        head?: never;
        /** Change some fields of a tool */
        patch: operations["patchTool"];
        trace?: never;
    };
    "/v1/tools/{slug}/badge.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The same for shields.io
         * @description Its endpoint schema.
         */
        get: operations["getShield"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tally over time
         * @description Running totals, a point for each hour or day with a change. Without `from`, hours go back 400 days, days to the beginning.
         */
        get: operations["getHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/jsonld": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tool as schema.org's structured data
         * @description A `SoftwareApplication` with the panel's reviews, and with an `aggregateRating` once there are enough votes. The text can stand in a `script` element as it is.
         */
        get: operations["getToolData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Merge a tool into another, or see what that would do
         * @description All votes that count leave the tool, and go to the target: a voter of both keeps the newer vote. The tool is archived, and its addresses lead to the target. The merge is listed among the resets, and undone as they are.
         */
        post: operations["mergeTool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a tool another slug
         * @description Votes, panel, history and acts of moderators stay. Every address with the former slug is answered 308, and lists of tools take it. 409 if another tool has the new slug, or had it and its address still leads there.
         */
        post: operations["renameTool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/tally": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tally */
        get: operations["getTally"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{slug}/vote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own vote
         * @description Of a user who brings a visitor's cookie: that visitor's vote becomes theirs, if a vote could be cast now.
         */
        get: operations["getVote"];
        /**
         * Cast or change a vote
         * @description Answered only once the vote is on disk. The same choice again keeps `cast_at` and the tally's `version`. A visitor who came as a signed-in user on this tool votes there no more without: `conflict`.
         */
        put: operations["castVote"];
        post?: never;
        /**
         * Withdraw a vote
         * @description Without one there is nothing to do, and that is fine.
         */
        delete: operations["withdrawVote"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/visitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get or renew a visitor token
         * @description The token comes back as JSON and as a cookie. It lasts 400 days; one that expired within a year still renews to the same voter. A cookie that is no use any more is replaced, a bad bearer token is refused. Beside a user's token only the cookie counts.
         */
        post: operations["createVisitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/visitors/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything that is held of the caller
         * @description Votes as they stand, and every change that the ledger keeps; of a user, without the visitor whose cookie comes along.
         */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        /**
         * Erase the caller
         * @description The votes stay counted without a name; the token is no longer believed. A user who was erased is refused for ever, or could vote again beside the votes that stay.
         */
        delete: operations["eraseMe"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/votes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's own votes on several tools
         * @description Of a user who brings a visitor's cookie: also that visitor's, where the user has none.
         */
        get: operations["listOwnVotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An alert as the API answers it, and as a webhook is told of it. */
        Alert: {
            dismiss_reason: string | null;
            dismissed_at: components["schemas"]["Timestamp"] | null;
            dismissed_by: string | null;
            filter: components["schemas"]["AlertFilter"];
            /** @description Of the votes that it means. */
            first_seen: components["schemas"]["Timestamp"];
            /** Format: int64 */
            id: number;
            kind: components["schemas"]["AlertKind"];
            last_seen: components["schemas"]["Timestamp"];
            numbers: components["schemas"]["AlertNumbers"];
            raised_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description 0 to 100: how far it is from what people look like there.
             */
            score: number;
            state: components["schemas"]["AlertState"];
            tool: components["schemas"]["Slug"];
        };
        /** @description The votes that an alert means: what `POST /v1/moderation/resets` takes, but for the reason, which is a person's. */
        AlertFilter: {
            choice?: components["schemas"]["Choice"] | null;
            from: components["schemas"]["Timestamp"];
            network?: string | null;
            to: components["schemas"]["Timestamp"];
            tool: components["schemas"]["Slug"];
        };
        /**
         * @description What shape it has.
         * @enum {string}
         */
        AlertKind: "burst" | "drip" | "network" | "across-tools";
        /** @description The numbers behind the suspicion; of the votes that the filter means, as far as the detector saw them. */
        AlertNumbers: {
            /**
             * Format: int32
             * @description By tokens that were minutes old.
             */
            fresh_tokens: number;
            /** Format: int32 */
            networks: number;
            /** @description What the score is made of, each 0 to 100. */
            parts: components["schemas"]["AlertParts"];
            /** Format: int32 */
            ship: number;
            /** Format: int32 */
            skip: number;
            /**
             * Format: int32
             * @description Tools on which the same is seen.
             */
            tools: number;
            /**
             * Format: int32
             * @description Votes that the tool usually has in the same time.
             */
            usual: number;
            /** Format: int32 */
            votes: number;
        };
        AlertPage: {
            items: components["schemas"]["Alert"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description What a score is made of, each 0 to 100. */
        AlertParts: {
            /**
             * Format: int32
             * @description Far more votes than the tool has at this hour.
             */
            burst: number;
            /**
             * Format: int32
             * @description Votes from networks with several voters.
             */
            concentration: number;
            /**
             * Format: int32
             * @description Votes by tokens that were minutes old.
             */
            freshness: number;
            /**
             * Format: int32
             * @description Votes for one side.
             */
            one_sidedness: number;
        };
        /**
         * @description Whether somebody has looked at it.
         * @enum {string}
         */
        AlertState: "open" | "dismissed";
        /** @description An entry as `GET /v1/moderation/audit` answers it. */
        AuditEntry: {
            act: string;
            actor: string;
            actor_id: string;
            after?: unknown;
            at: components["schemas"]["Timestamp"];
            before?: unknown;
            hash: string;
            /** Format: int64 */
            id: number;
            previous: string;
            reason: string;
            role: string;
            subject: string;
        };
        AuditEntryPage: {
            items: components["schemas"]["AuditEntry"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description The end of the audit chain. */
        AuditHead: {
            hash: string;
            /** Format: int64 */
            id: number;
        };
        /** @description One line of a ballot. */
        BallotEntryView: {
            choice: components["schemas"]["Choice"] | null;
            /** Format: int64 */
            index: number;
        };
        /** @description What the log says of a ballot. */
        BallotView: {
            ballot: string;
            /** @description Oldest first; the last stands. */
            entries: components["schemas"]["BallotEntryView"][];
            /** @description The resets and periods that take it out of the tally. */
            excluded_by: number[];
            /** @description By the slug that it had at the last line. */
            tool: string;
        };
        /** @description A ban as the API answers it. */
        Ban: {
            expires_at?: components["schemas"]["Timestamp"] | null;
            /**
             * @description Whether whoever it names is known when they come again. A network is not, where it was named by a hash of a day
             *     whose key was destroyed: name it by a newer one.
             */
            holds: boolean;
            /** Format: int64 */
            id: number;
            made_at: components["schemas"]["Timestamp"];
            made_by: string;
            network?: string | null;
            reason: string;
            /**
             * Format: int64
             * @description The reset that it came with.
             */
            reset?: number | null;
            voter?: string | null;
        };
        BanOfReset: {
            expires_at?: components["schemas"]["Timestamp"] | null;
        };
        BanPage: {
            items: components["schemas"]["Ban"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description A voter, a network, or lists of them. */
        BanRequest: {
            expires_at?: components["schemas"]["Timestamp"] | null;
            network?: string | null;
            /** @description 1 to 100, all or nothing. */
            networks?: string[] | null;
            reason: string;
            voter?: string | null;
            /** @description 1 to 100, all or nothing. */
            voters?: string[] | null;
        };
        /** @description What casts a vote. */
        Cast: {
            choice: components["schemas"]["Choice"];
            /** @description 32 bytes of the client's choice in base64url: they go into the name of the ballot that this makes. */
            seal?: string | null;
        };
        /** @description A challenge of ALTCHA's proof of work v2: find the `counter` from 0 on for which the derived key begins with `keyPrefix`. */
        Challenge: {
            parameters: components["schemas"]["ChallengeParameters"];
            /** @description Of the parameters; hexadecimal. */
            signature: string;
        };
        /** @description The key is PBKDF2 (RFC 8018) with HMAC-SHA256 of `nonce` and the counter (4 bytes, the greatest first). */
        ChallengeParameters: {
            /** @example PBKDF2/SHA-256 */
            algorithm: string;
            /**
             * Format: int32
             * @description Rounds of each derivation.
             */
            cost: number;
            /** @description Whom and what it is for, in our words. */
            data: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Seconds since 1970.
             */
            expiresAt: number;
            /**
             * Format: int32
             * @description In bytes.
             */
            keyLength: number;
            /** @description Hexadecimal, as all that follows. */
            keyPrefix: string;
            keySignature: string;
            nonce: string;
            salt: string;
        };
        /**
         * @description What a voter or a reviewer says of a tool.
         * @enum {string}
         */
        Choice: "ship" | "skip";
        /** @description One thing that stands out. Shares are percentages of its own votes. */
        Cluster: {
            first_at: components["schemas"]["Timestamp"];
            /** Format: int64 */
            fresh_share: number;
            /** Format: int64 */
            fresh_tokens: number;
            /** @enum {string} */
            kind: "network";
            last_at: components["schemas"]["Timestamp"];
            network: string;
            /**
             * Format: int64
             * @description The larger side's share: 100 means that all say the same.
             */
            same_choice_share: number;
            /**
             * Format: int64
             * @description Of all votes that were looked at, in percent.
             */
            share: number;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            /** Format: int64 */
            votes: number;
        } | {
            /** Format: int64 */
            fresh_share: number;
            /** Format: int64 */
            fresh_tokens: number;
            from: components["schemas"]["Timestamp"];
            /** @enum {string} */
            kind: "burst";
            /** Format: int64 */
            same_choice_share: number;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            /** Format: int64 */
            times: number;
            to: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Votes in a usual minute, and how many times that the burst's busiest minute has.
             */
            usual: number;
            /** Format: int64 */
            votes: number;
        } | {
            choice: components["schemas"]["Choice"];
            /** @enum {string} */
            kind: "one-way-voter";
            voter: string;
            /** Format: int64 */
            votes: number;
        };
        /** @description What stands out on a tool. */
        Clusters: {
            /**
             * Format: int64
             * @description How many of them came by tokens that were minutes old, in percent.
             */
            fresh_share: number;
            items: components["schemas"]["Cluster"][];
            /**
             * Format: int64
             * @description Votes that were looked at: those of the newest voters.
             */
            looked_at: number;
            next: string | null;
        };
        /** @description What the counted votes say. */
        CommunityTally: {
            display: string;
            /** @description Wilson's, at 95 %, in percent. */
            interval: number[] | null;
            /**
             * Format: int64
             * @description Of 100; null below the least number of votes.
             */
            percent: number | null;
            /** Format: int64 */
            set_aside?: number | null;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            /** Format: int64 */
            votes: number;
        };
        /** @description The tools as they stand, and who leads. */
        Comparison: {
            tools: components["schemas"]["ToolView"][];
            verdict: components["schemas"]["Leaders"];
        };
        /** @description What an erasure left. */
        Erasure: {
            /** @description Votes that stay counted, without a name. */
            votes: number;
        };
        /** @description A former slug that is free again. */
        FreedSlug: {
            slug: components["schemas"]["Slug"];
            /** @description The tool that it led to. */
            tool: string;
        };
        /** @description Everything that is held of a voter. */
        Held: {
            changes: components["schemas"]["HeldChange"][];
            votes: components["schemas"]["HeldVote"][];
            /** @description Ballots whose votes were withdrawn; they are kept for a vote that is cast again. */
            withdrawn?: components["schemas"]["WithdrawnBallot"][];
        };
        /** @description A change that the ledger keeps; nulls are "no vote", or one that does not count. */
        HeldChange: {
            at: components["schemas"]["Timestamp"];
            new: components["schemas"]["Choice"] | null;
            old: components["schemas"]["Choice"] | null;
            tool: string;
        };
        /** @description What opens a ballot of the public log. */
        HeldReceipt: {
            ballot: string;
            log: string;
            salt: string;
        };
        /** @description What a call did, or would do. */
        HeldReport: {
            after?: components["schemas"]["Tally"] | null;
            before?: components["schemas"]["Tally"] | null;
            dry_run: boolean;
            from?: components["schemas"]["Timestamp"] | null;
            /** Format: int64 */
            matched: number;
            networks: number;
            /**
             * Format: int64
             * @description Those among them that an excluded period keeps from counting.
             */
            set_aside: number;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            to: components["schemas"]["Timestamp"];
            tool: components["schemas"]["Slug"];
        };
        /** @description Which held votes are meant: all that is given must match. */
        HeldRequest: {
            choice?: components["schemas"]["Choice"] | null;
            dry_run?: boolean;
            from?: components["schemas"]["Timestamp"] | null;
            network?: string | null;
            /** @description 1 to 100: any of them. */
            networks?: string[] | null;
            /** @description May be left out. */
            reason?: string | null;
            /** @description Those that were rejected, instead of those that wait. */
            rejected?: boolean;
            to?: components["schemas"]["Timestamp"] | null;
            tool: string;
            voter?: string | null;
            /** @description 1 to 100: any of them. */
            voters?: string[] | null;
        };
        /** @description A vote as it stands. */
        HeldVote: {
            cast_at: components["schemas"]["Timestamp"];
            choice: components["schemas"]["Choice"];
            /** @description Not set aside by the moderators; a vote that is held shows as its voter was told. */
            counted: boolean;
            /** @description A hash of the network that it came from; `null` once the key of its day was destroyed. */
            network: string | null;
            receipt?: components["schemas"]["HeldReceipt"] | null;
            /**
             * Format: int32
             * @description Of the visitor's token when the vote was cast; `null` of a signed-in user, who has none.
             */
            token_age_seconds: number | null;
            tool: string;
        };
        /** @description A tally over time, oldest first. */
        History: {
            points: components["schemas"]["Point"][];
            step: string;
            tool: components["schemas"]["Slug"];
        };
        /** @description Who leads: a slug, or null for a tie or where it cannot be told. */
        Leaders: {
            community: components["schemas"]["Slug"] | null;
            panel: components["schemas"]["Slug"] | null;
        };
        /** @description A tool with its slug. */
        ListedTool: {
            /** @description Null or empty for none. */
            category?: string | null;
            /** @description Plain text, a blank line between paragraphs. */
            description?: string | null;
            entry?: string;
            name: string;
            reviews?: components["schemas"]["Review"][];
            slug: components["schemas"]["Slug"];
            /** @description Null or empty for none. */
            tagline?: string | null;
            url?: string;
        };
        /** @description The logs of this site. */
        LogList: {
            /** @description Oldest first; votes go into the last. */
            items: components["schemas"]["LogView"][];
        };
        /** @description A log of this site. */
        LogView: {
            origin: string;
            /** @description Below it are `checkpoint`, `key`, `tile` and `lists`. */
            url: string;
        };
        /** @description The bans that a call with lists made. */
        MadeBans: {
            items: components["schemas"]["Ban"][];
        };
        /** @description What a call with many tools did. */
        ManyTools: {
            /** @description Slugs of the tools that are new. */
            created: components["schemas"]["Slug"][];
            /** @description Slugs of those that were there. */
            replaced: components["schemas"]["Slug"][];
        };
        /** @description The answer to a request: `result`, or `error`. */
        McpAnswer: {
            error?: components["schemas"]["McpError"] | null;
            id: unknown;
            jsonrpc: components["schemas"]["RpcVersion"];
            result?: Record<string, never> | null;
        };
        /** @description The error in place of a result. */
        McpError: {
            /** Format: int64 */
            code: number;
            message: string;
        };
        /** @description A JSON-RPC message: a request, or without `id` a notification, or without `method` a response. */
        McpMessage: {
            /** @description A text or a number. */
            id?: unknown;
            jsonrpc: components["schemas"]["RpcVersion"];
            method?: string | null;
            params?: Record<string, never> | null;
        };
        /** @description Who calls, and everything that is held of them. */
        Me: components["schemas"]["Held"] & {
            made_at: components["schemas"]["Timestamp"] | null;
            /** @description The tools on which this visitor came as a signed-in user, whose the vote is there. */
            signed_in_on: string[];
            voter: string;
        };
        /** @description A preview, or a merge that was carried out. */
        MergeReport: {
            /**
             * Format: int64
             * @description Of them: by voters who had no vote on the target.
             */
            added: number;
            after?: components["schemas"]["Tally"] | null;
            before?: components["schemas"]["Tally"] | null;
            /**
             * Format: int64
             * @description By voters whose vote on the target was older.
             */
            changed: number;
            /** Format: int64 */
            id?: number | null;
            into: components["schemas"]["Slug"];
            into_after?: components["schemas"]["Tally"] | null;
            into_before?: components["schemas"]["Tally"] | null;
            /**
             * Format: int64
             * @description By voters whose vote on the target stays: it is newer, or was taken out.
             */
            kept: number;
            /**
             * Format: int64
             * @description Votes that leave the tool.
             */
            matched: number;
            /** Format: int64 */
            networks: number;
            plan: string;
            /** @description The newest of the tool's votes. */
            sample: components["schemas"]["SeenVote"][];
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            tool: components["schemas"]["Slug"];
        };
        /** @description The tool that the address's tool is to be merged into. */
        MergeRequest: {
            dry_run?: boolean;
            into: string;
            plan?: string | null;
            reason: string;
        };
        /** @description A visitor's token. */
        Minted: {
            expires_at: components["schemas"]["Timestamp"];
            token: string;
        };
        /** @description Nothing to say yet. */
        NoFields: Record<string, never>;
        /** @description The answer, for JSON and XML alike. */
        OEmbed: {
            /** Format: int32 */
            cache_age: number;
            /** Format: int32 */
            height: number;
            html: string;
            provider_name: string;
            provider_url: string;
            title: string;
            type: string;
            version: string;
            /** Format: int32 */
            width: number;
        };
        /** @enum {string} */
        OpenOrFrozen: "open" | "frozen";
        /** @description A vote as its voter sees it; nulls where there is none. */
        OwnVote: {
            cast_at: components["schemas"]["Timestamp"] | null;
            choice: components["schemas"]["Choice"] | null;
            tool: components["schemas"]["Slug"];
        };
        /** @description The votes on the tools that a call names. */
        OwnVotes: {
            items: components["schemas"]["OwnVote"][];
            /** @description What is no tool; left out where there is none. */
            missing?: string[];
            next: string | null;
        };
        /** @description What the panel says. */
        PanelTally: {
            /** Format: int64 */
            percent: number | null;
            /** Format: int32 */
            ship: number;
            /** Format: int32 */
            skip: number;
        };
        /** @description The span to exclude. */
        PeriodRequest: {
            dry_run?: boolean;
            from: components["schemas"]["Timestamp"];
            reason: string;
            to: components["schemas"]["Timestamp"];
            tool: string;
        };
        /** @description The tally at one time. */
        Point: {
            /** @description The start of its hour or day. */
            at: components["schemas"]["Timestamp"];
            /** @description An excluded period reaches into the step; left out where none does. */
            excluded?: boolean;
            /**
             * Format: int64
             * @description `None` while there are too few votes, as in the Tally.
             */
            percent: number | null;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
        };
        /** @description The document as it is sent. */
        Problem: {
            /** @description Stable: what a program goes by. */
            code: string;
            /** @description A sentence for a person; where a field is at fault it is named. */
            detail: string;
            /** Format: int32 */
            status: number;
            title: string;
            type: string;
        };
        /** @description The same for everybody: nothing of voters, networks, moderators, and no reason, which may name somebody. */
        PublicRemoval: {
            at: components["schemas"]["Timestamp"];
            from?: components["schemas"]["Timestamp"] | null;
            into?: components["schemas"]["Slug"] | null;
            kind: components["schemas"]["RemovalKind"];
            to?: components["schemas"]["Timestamp"] | null;
            tool: components["schemas"]["Slug"];
            undone_at?: components["schemas"]["Timestamp"] | null;
            /** Format: int64 */
            votes: number;
        };
        PublicRemovalPage: {
            items: components["schemas"]["PublicRemoval"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description What opens a ballot of the public log; only its voter is told. */
        Receipt: {
            /** @description The ballot's name, as the log states it. */
            ballot: string;
            /** @description The origin of the log. */
            log: string;
            salt: string;
        };
        /** @description A removal as the API answers it. */
        Removal: {
            after?: components["schemas"]["Tally"] | null;
            before?: components["schemas"]["Tally"] | null;
            choice?: components["schemas"]["Choice"] | null;
            criteria: components["schemas"]["RemovalCriteria"];
            from?: components["schemas"]["Timestamp"] | null;
            /** Format: int64 */
            id: number;
            into?: components["schemas"]["Slug"] | null;
            kind: components["schemas"]["RemovalKind"];
            made_at: components["schemas"]["Timestamp"];
            made_by: string;
            /** Format: int64 */
            matched: number;
            network?: string | null;
            /** Format: int64 */
            networks: number;
            reason: string;
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            to?: components["schemas"]["Timestamp"] | null;
            tool: components["schemas"]["Slug"];
            undo_reason?: string | null;
            undone: boolean;
            undone_at?: components["schemas"]["Timestamp"] | null;
            undone_by?: string | null;
            /** @description The only voter or network that was named; `criteria` has all of them. */
            voter?: string | null;
        };
        /** @description What a reset takes by, as a request names it; what is left out matches every vote. */
        RemovalCriteria: {
            choice?: components["schemas"]["Choice"] | null;
            from?: components["schemas"]["Timestamp"] | null;
            networks?: string[] | null;
            to?: components["schemas"]["Timestamp"] | null;
            voters?: string[] | null;
        };
        /**
         * @description What a removal is.
         * @enum {string}
         */
        RemovalKind: "reset" | "period" | "merge";
        RemovalPage: {
            items: components["schemas"]["Removal"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description The slug that a tool is to have. */
        Rename: {
            slug: string;
        };
        /** @description A preview, or a reset that was carried out. */
        ResetReport: {
            after?: components["schemas"]["Tally"] | null;
            before?: components["schemas"]["Tally"] | null;
            from?: components["schemas"]["Timestamp"] | null;
            /** Format: int64 */
            id?: number | null;
            /** Format: int64 */
            matched: number;
            /** Format: int64 */
            networks: number;
            plan: string;
            /** @description The newest of the matched votes. */
            sample: components["schemas"]["SeenVote"][];
            /** Format: int64 */
            ship: number;
            /** Format: int64 */
            skip: number;
            to: components["schemas"]["Timestamp"];
            tool: components["schemas"]["Slug"];
        };
        /** @description Which votes to take out: all that is given must match. */
        ResetRequest: {
            ban?: components["schemas"]["BanOfReset"] | null;
            choice?: components["schemas"]["Choice"] | null;
            dry_run?: boolean;
            from?: components["schemas"]["Timestamp"] | null;
            network?: string | null;
            /** @description 1 to 100: any of them. */
            networks?: string[] | null;
            plan?: string | null;
            reason: string;
            to?: components["schemas"]["Timestamp"] | null;
            tool: string;
            voter?: string | null;
            /** @description 1 to 100: any of them. */
            voters?: string[] | null;
        };
        /** @description One reviewer's verdict on a tool. */
        Review: {
            reviewer: string;
            summary?: string;
            verdict: components["schemas"]["Choice"];
        };
        /** @enum {string} */
        RpcVersion: "2.0";
        /** @description A vote as the API answers it. */
        SeenVote: {
            cast_at: components["schemas"]["Timestamp"];
            choice: components["schemas"]["Choice"];
            counted: boolean;
            /** @description Held back: it has not counted yet. */
            held: boolean;
            /** @description The network's hash, the same for votes of one day; `null` once that day's key was destroyed, and for imported votes. */
            network: string | null;
            /**
             * Format: int32
             * @description Of the visitor token when the vote was cast, in seconds.
             */
            token_age: number;
            tool: components["schemas"]["Slug"];
            voter: string;
        };
        SeenVotePage: {
            items: components["schemas"]["SeenVote"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description The endpoint schema of shields.io, version 1. */
        Shield: {
            color: string;
            label: string;
            message: string;
            /** Format: int32 */
            schemaVersion: number;
        };
        /**
         * @description A tool's name in addresses: `[a-z0-9]` and single inner `-`, 1 to 64 characters.
         * @example codestral-2
         */
        Slug: string;
        /** @description The state that a tool is to have. */
        StateRequest: {
            reason: string;
            state: components["schemas"]["OpenOrFrozen"];
        };
        /** @description The votes on a tool beside its panel's. */
        Tally: {
            community: components["schemas"]["CommunityTally"];
            /**
             * Format: int64
             * @description Community less panel, in points.
             */
            gap: number | null;
            panel: components["schemas"]["PanelTally"] | null;
            raw?: components["schemas"]["CommunityTally"] | null;
            /** @description True while the database cannot be read; else left out. */
            stale?: boolean;
            state: components["schemas"]["ToolState"];
            tool: components["schemas"]["Slug"];
            updated_at: components["schemas"]["Timestamp"];
            /** Format: int64 */
            version: number;
        };
        /** @description The tallies that were asked for. */
        TallyList: {
            /** @description What is no tool; left out where there is none. */
            missing?: string[];
            tallies: components["schemas"]["Tally"][];
        };
        /**
         * Format: date-time
         * @description A point in time: microseconds since 1970, UTC.
         */
        Timestamp: string;
        /** @description A tool as `PUT /v1/tools/{slug}` takes it. */
        Tool: {
            /** @description Null or empty for none. */
            category?: string | null;
            /** @description Plain text, a blank line between paragraphs. */
            description?: string | null;
            /** @description The entry price in a word, such as `Free` or `Paid`. */
            entry?: string;
            name: string;
            reviews?: components["schemas"]["Review"][];
            /** @description Null or empty for none. */
            tagline?: string | null;
            url?: string;
        };
        /** @description Many tools in one call. */
        ToolList: {
            tools: components["schemas"]["ListedTool"][];
        };
        /** @description One page of the catalogue. */
        ToolPage: {
            items: components["schemas"]["ToolView"][];
            /** @description The `cursor` of the next page. */
            next: string | null;
        };
        /** @description What `PATCH` takes: the fields to change. */
        ToolPatch: {
            /** @description Null removes it. */
            category?: string | null;
            /** @description Null removes it. */
            description?: string | null;
            entry?: string | null;
            name?: string | null;
            reviews?: components["schemas"]["Review"][] | null;
            /** @description Null removes it. */
            tagline?: string | null;
            url?: string | null;
        };
        /**
         * @description Whether a tool takes votes.
         * @enum {string}
         */
        ToolState: "open" | "frozen" | "archived";
        /** @description A tool as `GET /v1/tools/{slug}` answers it. */
        ToolView: {
            category: string;
            description: string | null;
            entry: string;
            name: string;
            reviews: components["schemas"]["Review"][];
            slug: components["schemas"]["Slug"];
            tagline: string;
            tally: components["schemas"]["Tally"];
            url: string;
        };
        /** @description What an undo came to. */
        Undone: {
            after?: components["schemas"]["Tally"] | null;
            before?: components["schemas"]["Tally"] | null;
            /** Format: int64 */
            id: number;
            /**
             * Format: int64
             * @description Votes that count again.
             */
            restored: number;
            tool: components["schemas"]["Slug"];
            undone: boolean;
            undone_at: components["schemas"]["Timestamp"];
        };
        /** @description A vote beside the tally that holds it. */
        VoteAnswer: {
            /** @description Of the vote's ballot, while there is a public log; else left out. */
            receipt?: components["schemas"]["Receipt"];
            tally: components["schemas"]["Tally"];
            vote: components["schemas"]["OwnVote"];
        };
        /** @description Why; may be left out. */
        Why: {
            reason?: string | null;
        };
        /** @description The ballot of a vote that was withdrawn. */
        WithdrawnBallot: {
            receipt: components["schemas"]["HeldReceipt"];
            tool: string;
        };
    };
    responses: {
        /** @description `archived`: The tool is archived. */
        archived: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "archived";
                };
            };
        };
        /** @description `archived`: The tool is archived. */
        "archived.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "archived";
                };
                "text/html": string;
            };
        };
        /** @description `archived`: The tool is archived. */
        "archived.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `bad-request`: The request cannot be read. */
        "bad-request": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "bad-request";
                };
            };
        };
        /** @description `bad-request`: The request cannot be read. */
        "bad-request.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "bad-request";
                };
                "text/html": string;
            };
        };
        /** @description `bad-request`: The request cannot be read. */
        "bad-request.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `bad-token`: The token is not valid. `expired-token`: The token has expired. */
        "bad-token.or.expired-token": {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "bad-token" | "expired-token";
                };
            };
        };
        /** @description `bad-token`: The token is not valid. `expired-token`: The token has expired. */
        "bad-token.or.expired-token.page.only": {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `bad-token`: The token is not valid. */
        "bad-token.page.only": {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `conflict`: The state has changed. */
        conflict: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "conflict";
                };
            };
        };
        /** @description `conflict`: The state has changed. */
        "conflict.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "conflict";
                };
                "text/html": string;
            };
        };
        /** @description `conflict`: The state has changed. */
        "conflict.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `forbidden`: This token may not do that. */
        forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "forbidden";
                };
            };
        };
        /** @description `forbidden`: This token may not do that. `origin-refused`: Votes are not taken from this origin. */
        "forbidden.or.origin-refused.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `forbidden`: This token may not do that. */
        "forbidden.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `frozen`: Voting on this tool is frozen. */
        frozen: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "frozen";
                };
            };
        };
        /** @description `frozen`: Voting on this tool is frozen. */
        "frozen.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "frozen";
                };
                "text/html": string;
            };
        };
        /** @description `invalid`: A field is not valid. */
        invalid: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "invalid";
                };
            };
        };
        /** @description `invalid`: A field is not valid. */
        "invalid.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "invalid";
                };
                "text/html": string;
            };
        };
        /** @description `invalid`: A field is not valid. */
        "invalid.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `not-found`: Nothing is here. */
        "not-found": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "not-found";
                };
            };
        };
        /** @description `not-found`: Nothing is here. */
        "not-found.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "not-found";
                };
                "text/html": string;
            };
        };
        /** @description `not-found`: Nothing is here. */
        "not-found.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `origin-refused`: Votes are not taken from this origin. */
        "origin-refused": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "origin-refused";
                };
            };
        };
        /** @description `origin-refused`: Votes are not taken from this origin. `challenge-required`: A check must be done first. */
        "origin-refused.or.challenge-required": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    challenge?: components["schemas"]["Challenge"];
                    /** @enum {string} */
                    code?: "origin-refused" | "challenge-required";
                };
            };
        };
        /** @description `origin-refused`: Votes are not taken from this origin. `voter-banned`: Votes are not taken from here. `challenge-required`: A check must be done first. */
        "origin-refused.or.voter-banned.or.challenge-required": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    challenge?: components["schemas"]["Challenge"];
                    /** @enum {string} */
                    code?: "origin-refused" | "voter-banned" | "challenge-required";
                };
            };
        };
        /** @description `origin-refused`: Votes are not taken from this origin. `voter-banned`: Votes are not taken from here. `challenge-required`: A check must be done first. */
        "origin-refused.or.voter-banned.or.challenge-required.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    challenge?: components["schemas"]["Challenge"];
                    /** @enum {string} */
                    code?: "origin-refused" | "voter-banned" | "challenge-required";
                };
                "text/html": string;
            };
        };
        /** @description `origin-refused`: Votes are not taken from this origin. */
        "origin-refused.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `overloaded`: Too much to do. */
        overloaded: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "overloaded";
                };
            };
        };
        /** @description `rate-limited`: Too many requests. */
        "rate-limited": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "rate-limited";
                };
            };
        };
        /** @description `rate-limited`: Too many requests. */
        "rate-limited.page": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "rate-limited";
                };
                "text/html": string;
            };
        };
        /** @description `rate-limited`: Too many requests. */
        "rate-limited.page.only": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `token-required`: A staff token is needed. `bad-token`: The token is not valid. `expired-token`: The token has expired. */
        "token-required.or.bad-token.or.expired-token": {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "token-required" | "bad-token" | "expired-token";
                };
            };
        };
        /** @description `too-large`: The body is too large. */
        "too-large": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "too-large";
                };
            };
        };
        /** @description `too-large`: The body is too large. */
        "too-large.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "too-large";
                };
                "text/html": string;
            };
        };
        /** @description `too-large`: The body is too large. */
        "too-large.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `unavailable`: Not available at this moment. */
        unavailable: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unavailable";
                };
            };
        };
        /** @description `unavailable`: Not available at this moment. `overloaded`: Too much to do. */
        "unavailable.or.overloaded": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unavailable" | "overloaded";
                };
            };
        };
        /** @description `unavailable`: Not available at this moment. `overloaded`: Too much to do. */
        "unavailable.or.overloaded.page": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unavailable" | "overloaded";
                };
                "text/html": string;
            };
        };
        /** @description `unavailable`: Not available at this moment. `overloaded`: Too much to do. */
        "unavailable.or.overloaded.page.only": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `unavailable`: Not available at this moment. */
        "unavailable.page.only": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `unknown-tool`: No such tool. */
        "unknown-tool": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unknown-tool";
                };
            };
        };
        /** @description `unknown-tool`: No such tool. */
        "unknown-tool.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unknown-tool";
                };
                "text/html": string;
            };
        };
        /** @description `unknown-tool`: No such tool. */
        "unknown-tool.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `unsupported-media-type`: The body must be JSON. */
        "unsupported-media-type": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unsupported-media-type";
                };
            };
        };
        /** @description `unsupported-media-type`: The body must be JSON. */
        "unsupported-media-type.page": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "unsupported-media-type";
                };
                "text/html": string;
            };
        };
        /** @description `unsupported-media-type`: The body must be JSON. */
        "unsupported-media-type.page.only": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description `voter-required`: A visitor token is needed. `bad-token`: The token is not valid. `expired-token`: The token has expired. */
        "voter-required.or.bad-token.or.expired-token": {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code?: "voter-required" | "bad-token" | "expired-token";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description How long this is fresh, and for whom. */
        "Cache-Control": string;
        /** @description The name of the file that a browser saves. */
        "Content-Disposition": string;
        /** @description What the page may load, and who may frame it. */
        "Content-Security-Policy": string;
        /** @description Strong, of the bytes sent; send it back in `If-None-Match`. */
        ETag: string;
        /** @description Where to go on. */
        Location: string;
        /** @description On every answer that a quota touched: for each quota what is left and in how many seconds there is more, such as `"voter";r=29;t=2`. */
        RateLimit: string;
        /** @description On every answer that a quota touched: for each quota its size and window in seconds, such as `"voter";q=30;w=60`. */
        "RateLimit-Policy": string;
        /** @description Seconds after which trying again is worth it. */
        "Retry-After": number;
        /** @description The visitor's token, or the session of staff; HttpOnly. On https `__Host-` and `Secure`, the visitor's `SameSite=None` and `Partitioned`, the session `SameSite=Strict`. */
        "Set-Cookie": string;
        /** @description A renewed token, where the one in `Authorization` is past half its life (a cookie is renewed by `Set-Cookie`). */
        "Visitor-Token": string;
        /** @description Names the scheme: `Bearer`. */
        "WWW-Authenticate": string;
        /** @description The caller's own id where it is harmless (1 to 64 of letters, digits, `-`, `_`, `.`), else one of ours; the log has it too. */
        "X-Request-Id": string;
    };
    pathItems: never;
}
export type Alert = components['schemas']['Alert'];
export type AlertFilter = components['schemas']['AlertFilter'];
export type AlertKind = components['schemas']['AlertKind'];
export type AlertNumbers = components['schemas']['AlertNumbers'];
export type AlertPage = components['schemas']['AlertPage'];
export type AlertParts = components['schemas']['AlertParts'];
export type AlertState = components['schemas']['AlertState'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type AuditEntryPage = components['schemas']['AuditEntryPage'];
export type AuditHead = components['schemas']['AuditHead'];
export type BallotEntryView = components['schemas']['BallotEntryView'];
export type BallotView = components['schemas']['BallotView'];
export type Ban = components['schemas']['Ban'];
export type BanOfReset = components['schemas']['BanOfReset'];
export type BanPage = components['schemas']['BanPage'];
export type BanRequest = components['schemas']['BanRequest'];
export type Cast = components['schemas']['Cast'];
export type Challenge = components['schemas']['Challenge'];
export type ChallengeParameters = components['schemas']['ChallengeParameters'];
export type Choice = components['schemas']['Choice'];
export type Cluster = components['schemas']['Cluster'];
export type Clusters = components['schemas']['Clusters'];
export type CommunityTally = components['schemas']['CommunityTally'];
export type Comparison = components['schemas']['Comparison'];
export type Erasure = components['schemas']['Erasure'];
export type FreedSlug = components['schemas']['FreedSlug'];
export type Held = components['schemas']['Held'];
export type HeldChange = components['schemas']['HeldChange'];
export type HeldReceipt = components['schemas']['HeldReceipt'];
export type HeldReport = components['schemas']['HeldReport'];
export type HeldRequest = components['schemas']['HeldRequest'];
export type HeldVote = components['schemas']['HeldVote'];
export type History = components['schemas']['History'];
export type Leaders = components['schemas']['Leaders'];
export type ListedTool = components['schemas']['ListedTool'];
export type LogList = components['schemas']['LogList'];
export type LogView = components['schemas']['LogView'];
export type MadeBans = components['schemas']['MadeBans'];
export type ManyTools = components['schemas']['ManyTools'];
export type McpAnswer = components['schemas']['McpAnswer'];
export type McpError = components['schemas']['McpError'];
export type McpMessage = components['schemas']['McpMessage'];
export type Me = components['schemas']['Me'];
export type MergeReport = components['schemas']['MergeReport'];
export type MergeRequest = components['schemas']['MergeRequest'];
export type Minted = components['schemas']['Minted'];
export type NoFields = components['schemas']['NoFields'];
export type OEmbed = components['schemas']['OEmbed'];
export type OpenOrFrozen = components['schemas']['OpenOrFrozen'];
export type OwnVote = components['schemas']['OwnVote'];
export type OwnVotes = components['schemas']['OwnVotes'];
export type PanelTally = components['schemas']['PanelTally'];
export type PeriodRequest = components['schemas']['PeriodRequest'];
export type Point = components['schemas']['Point'];
export type Problem = components['schemas']['Problem'];
export type PublicRemoval = components['schemas']['PublicRemoval'];
export type PublicRemovalPage = components['schemas']['PublicRemovalPage'];
export type Receipt = components['schemas']['Receipt'];
export type Removal = components['schemas']['Removal'];
export type RemovalCriteria = components['schemas']['RemovalCriteria'];
export type RemovalKind = components['schemas']['RemovalKind'];
export type RemovalPage = components['schemas']['RemovalPage'];
export type Rename = components['schemas']['Rename'];
export type ResetReport = components['schemas']['ResetReport'];
export type ResetRequest = components['schemas']['ResetRequest'];
export type Review = components['schemas']['Review'];
export type RpcVersion = components['schemas']['RpcVersion'];
export type SeenVote = components['schemas']['SeenVote'];
export type SeenVotePage = components['schemas']['SeenVotePage'];
export type Shield = components['schemas']['Shield'];
export type Slug = components['schemas']['Slug'];
export type StateRequest = components['schemas']['StateRequest'];
export type Tally = components['schemas']['Tally'];
export type TallyList = components['schemas']['TallyList'];
export type Timestamp = components['schemas']['Timestamp'];
export type Tool = components['schemas']['Tool'];
export type ToolList = components['schemas']['ToolList'];
export type ToolPage = components['schemas']['ToolPage'];
export type ToolPatch = components['schemas']['ToolPatch'];
export type ToolState = components['schemas']['ToolState'];
export type ToolView = components['schemas']['ToolView'];
export type Undone = components['schemas']['Undone'];
export type VoteAnswer = components['schemas']['VoteAnswer'];
export type Why = components['schemas']['Why'];
export type WithdrawnBallot = components['schemas']['WithdrawnBallot'];
export type ResponseArchived = components['responses']['archived'];
export type ResponseArchivedPage = components['responses']['archived.page'];
export type ResponseArchivedPageOnly = components['responses']['archived.page.only'];
export type ResponseBadRequest = components['responses']['bad-request'];
export type ResponseBadRequestPage = components['responses']['bad-request.page'];
export type ResponseBadRequestPageOnly = components['responses']['bad-request.page.only'];
export type ResponseBadTokenOrExpiredToken = components['responses']['bad-token.or.expired-token'];
export type ResponseBadTokenOrExpiredTokenPageOnly = components['responses']['bad-token.or.expired-token.page.only'];
export type ResponseBadTokenPageOnly = components['responses']['bad-token.page.only'];
export type ResponseConflict = components['responses']['conflict'];
export type ResponseConflictPage = components['responses']['conflict.page'];
export type ResponseConflictPageOnly = components['responses']['conflict.page.only'];
export type ResponseForbidden = components['responses']['forbidden'];
export type ResponseForbiddenOrOriginRefusedPageOnly = components['responses']['forbidden.or.origin-refused.page.only'];
export type ResponseForbiddenPageOnly = components['responses']['forbidden.page.only'];
export type ResponseFrozen = components['responses']['frozen'];
export type ResponseFrozenPage = components['responses']['frozen.page'];
export type ResponseInvalid = components['responses']['invalid'];
export type ResponseInvalidPage = components['responses']['invalid.page'];
export type ResponseInvalidPageOnly = components['responses']['invalid.page.only'];
export type ResponseNotFound = components['responses']['not-found'];
export type ResponseNotFoundPage = components['responses']['not-found.page'];
export type ResponseNotFoundPageOnly = components['responses']['not-found.page.only'];
export type ResponseOriginRefused = components['responses']['origin-refused'];
export type ResponseOriginRefusedOrChallengeRequired = components['responses']['origin-refused.or.challenge-required'];
export type ResponseOriginRefusedOrVoterBannedOrChallengeRequired = components['responses']['origin-refused.or.voter-banned.or.challenge-required'];
export type ResponseOriginRefusedOrVoterBannedOrChallengeRequiredPage = components['responses']['origin-refused.or.voter-banned.or.challenge-required.page'];
export type ResponseOriginRefusedPageOnly = components['responses']['origin-refused.page.only'];
export type ResponseOverloaded = components['responses']['overloaded'];
export type ResponseRateLimited = components['responses']['rate-limited'];
export type ResponseRateLimitedPage = components['responses']['rate-limited.page'];
export type ResponseRateLimitedPageOnly = components['responses']['rate-limited.page.only'];
export type ResponseTokenRequiredOrBadTokenOrExpiredToken = components['responses']['token-required.or.bad-token.or.expired-token'];
export type ResponseTooLarge = components['responses']['too-large'];
export type ResponseTooLargePage = components['responses']['too-large.page'];
export type ResponseTooLargePageOnly = components['responses']['too-large.page.only'];
export type ResponseUnavailable = components['responses']['unavailable'];
export type ResponseUnavailableOrOverloaded = components['responses']['unavailable.or.overloaded'];
export type ResponseUnavailableOrOverloadedPage = components['responses']['unavailable.or.overloaded.page'];
export type ResponseUnavailableOrOverloadedPageOnly = components['responses']['unavailable.or.overloaded.page.only'];
export type ResponseUnavailablePageOnly = components['responses']['unavailable.page.only'];
export type ResponseUnknownTool = components['responses']['unknown-tool'];
export type ResponseUnknownToolPage = components['responses']['unknown-tool.page'];
export type ResponseUnknownToolPageOnly = components['responses']['unknown-tool.page.only'];
export type ResponseUnsupportedMediaType = components['responses']['unsupported-media-type'];
export type ResponseUnsupportedMediaTypePage = components['responses']['unsupported-media-type.page'];
export type ResponseUnsupportedMediaTypePageOnly = components['responses']['unsupported-media-type.page.only'];
export type ResponseVoterRequiredOrBadTokenOrExpiredToken = components['responses']['voter-required.or.bad-token.or.expired-token'];
export type HeaderCacheControl = components['headers']['Cache-Control'];
export type HeaderContentDisposition = components['headers']['Content-Disposition'];
export type HeaderContentSecurityPolicy = components['headers']['Content-Security-Policy'];
export type HeaderETag = components['headers']['ETag'];
export type HeaderLocation = components['headers']['Location'];
export type HeaderRateLimit = components['headers']['RateLimit'];
export type HeaderRateLimitPolicy = components['headers']['RateLimit-Policy'];
export type HeaderRetryAfter = components['headers']['Retry-After'];
export type HeaderSetCookie = components['headers']['Set-Cookie'];
export type HeaderVisitorToken = components['headers']['Visitor-Token'];
export type HeaderWwwAuthenticate = components['headers']['WWW-Authenticate'];
export type HeaderXRequestId = components['headers']['X-Request-Id'];
export type $defs = Record<string, never>;
export interface operations {
    showIndex: {
        parameters: {
            query?: {
                /** @description Without regard to case. */
                category?: string;
                /** @description Where the list goes on. */
                cursor?: string;
                order?: "asc" | "desc" | "";
                /** @description A search. */
                q?: string;
                /** @description Where nobody says: `votes`. */
                sort?: "votes" | "community" | "panel" | "gap" | "name" | "";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            422: components["responses"]["invalid.page"];
        };
    };
    getAsset: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The file.
                 * @example site.css
                 */
                name: string;
                /**
                 * @description Changes with the files.
                 * @example 0
                 */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                    "image/svg+xml": string;
                    "text/css": string;
                    "text/javascript": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found"];
        };
    };
    showBadge: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    findComparison: {
        parameters: {
            query?: {
                /** @description A slug or a name. */
                a?: string;
                /** @description Another. */
                b?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A choice of tools, and why there is no comparison yet. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Found. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showComparison: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `a-vs-b`, two slugs.
                 * @example codestral-2-vs-cursor-background-agents
                 */
                pair: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The comparison. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page"];
        };
    };
    showDocs: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getDocsAsset: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The file.
                 * @example docs.css
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found"];
        };
    };
    showEmbed: {
        parameters: {
            query?: {
                /** @description Another tool beside it; an unknown tool is ignored. */
                compare?: string;
                /** @description The page's language. */
                lang?: string;
                /** @description `light` or `dark`; else the browser's. */
                theme?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page"];
        };
    };
    postEmbedVote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "choice": "ship"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description A path of ours to go back to. */
                    back?: string;
                    /** @enum {string} */
                    choice: "ship" | "skip" | "withdraw";
                };
            };
        };
        responses: {
            /** @description Taken; back to the page. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page"];
            403: components["responses"]["origin-refused.or.voter-banned.or.challenge-required.page"];
            404: components["responses"]["unknown-tool.page"];
            409: components["responses"]["conflict.page"];
            410: components["responses"]["archived.page"];
            413: components["responses"]["too-large.page"];
            415: components["responses"]["unsupported-media-type.page"];
            422: components["responses"]["invalid.page"];
            423: components["responses"]["frozen.page"];
            429: components["responses"]["rate-limited.page"];
            503: components["responses"]["unavailable.or.overloaded.page"];
        };
    };
    getWidget: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found"];
        };
    };
    getFavicon: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The icon. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/x-icon": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getToolFeed: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Atom 1.0. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/atom+xml": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
            503: components["responses"]["unavailable"];
        };
    };
    getMovers: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Atom 1.0. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/atom+xml": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            503: components["responses"]["unavailable"];
        };
    };
    getFragment: {
        parameters: {
            query?: {
                /** @description Another tool beside it; an unknown tool is ignored. */
                compare?: string;
                /** @description The language of the words: `en` or `de`; any other gets English. `lang` of the piece says which. */
                lang?: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The piece. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    getLlmsText: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showLog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getLaterLogCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The number of a log that came after the first.
                 * @example 2
                 */
                log: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The signed note. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    getLaterLogKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The number of a log that came after the first.
                 * @example 2
                 */
                log: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One line. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    getLaterLogList: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The SHA-256 of the list, in hexadecimal.
                 * @example 0000000000000000000000000000000000000000000000000000000000000000
                 */
                hash: string;
                /**
                 * @description The number of a log that came after the first.
                 * @example 2
                 */
                log: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The list. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    getLaterLogTile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The level of the tile, or `entries`.
                 * @example entries
                 */
                level: string;
                /**
                 * @description The number of a log that came after the first.
                 * @example 2
                 */
                log: number;
                /**
                 * @description The tile's number in groups of three digits, all but the last after an `x`; with `.p/W` its first W.
                 * @example 000
                 */
                tile: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hashes, or the entries, each behind its length in two bytes. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    getLogCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The signed note. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            503: components["responses"]["unavailable"];
        };
    };
    getLogKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One line. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            503: components["responses"]["unavailable"];
        };
    };
    getLogList: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The SHA-256 of the list, in hexadecimal.
                 * @example 0000000000000000000000000000000000000000000000000000000000000000
                 */
                hash: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The list. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    getLogTile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The level of the tile, or `entries`.
                 * @example entries
                 */
                level: string;
                /**
                 * @description The tile's number in groups of three digits, all but the last after an `x`; with `.p/W` its first W.
                 * @example 000
                 */
                tile: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hashes, or the entries, each behind its length in two bytes. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    postMcpMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description As `initialize` answered it. */
                "MCP-Protocol-Version"?: "2025-11-25" | "2025-06-18" | "2025-03-26";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id": 1,
                 *       "jsonrpc": "2.0",
                 *       "method": "tools/list"
                 *     }
                 */
                "application/json": components["schemas"]["McpMessage"];
            };
        };
        responses: {
            /** @description The answer to a request. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["McpAnswer"];
                };
            };
            /** @description A notification or a response was taken. */
            202: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            403: components["responses"]["origin-refused"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
        };
    };
    showOverview: {
        parameters: {
            query?: {
                /** @description Of the list of tools. */
                page?: string;
                /** @description A search. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showAlerts: {
        parameters: {
            query?: {
                /** @description Where the list goes on. */
                cursor?: string;
                /** @description Only those in this state; open ones without it. */
                state?: "open" | "dismissed" | "";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewDismissal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postDismissal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "It was a mistake"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewResetOfAlerts: {
        parameters: {
            query: {
                /**
                 * @description Their numbers, each by itself.
                 * @example 1
                 */
                id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To its preview. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showAudit: {
        parameters: {
            query?: {
                /** @description Only this act. */
                act?: string;
                /** @description Part of the name of who acted. */
                actor?: string;
                /** @description Where the list goes on. */
                cursor?: string;
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description Cast before this. */
                to?: string;
                /** @description Of this tool only. */
                tool?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showBans: {
        parameters: {
            query?: {
                /** @description Where the list goes on. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postBan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "network": "00000000000000000000000000000000",
                 *       "reason": "A farm of browsers"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Or a network's hash. */
                    network?: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                    /** @description Its end; without one it is in force until it is lifted. */
                    until?: string;
                    /** @description Either a voter's id. */
                    voter?: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewLift: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postLift: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "It was a mistake"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["not-found.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewBan: {
        parameters: {
            query?: {
                /** @description A network's hash or the end of it; several with commas between. */
                network?: string;
                /** @description A voter's id or the end of it, as pages show it; several with commas between. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showHeld: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewSettle: {
        parameters: {
            query: {
                /** @description Only these. */
                choice?: "ship" | "skip" | "";
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description A network's hash or the end of it; several with commas between. */
                network?: string;
                /** @description Those that were rejected. */
                rejected?: "1" | "";
                /** @description Cast before this. */
                to?: string;
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                tool: components["schemas"]["Slug"];
                /**
                 * @description `release` or `reject`.
                 * @example release
                 */
                verdict: string;
                /** @description A voter's id or the end of it, as pages show it; several with commas between. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postSettle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "A school class",
                 *       "tool": "codestral-2",
                 *       "verdict": "release"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description `ship` or `skip`. */
                    choice?: string;
                    /** @description Cast at or after this. */
                    from?: string;
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description From this network. */
                    network?: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                    /** @description Anything: those that were rejected, instead of those that wait. */
                    rejected?: string;
                    /** @description Cast before this. */
                    to?: string;
                    /** @description The tool. */
                    tool: string;
                    /** @description `release` or `reject`. */
                    verdict: string;
                    /** @description By this voter. */
                    voter?: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["unknown-tool.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    showPeriods: {
        parameters: {
            query?: {
                /** @description Where the list goes on. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postPeriod: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "from": "2026-11-24T02:00:00",
                 *       "key": "KEY",
                 *       "reason": "A raid",
                 *       "to": "2026-11-24T03:00:00",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description Its begin. */
                    from: string;
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                    /** @description Its end. */
                    to: string;
                    /** @description The tool. */
                    tool: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["unknown-tool.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewDeletion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postDeletion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "It was a mistake"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewPeriod: {
        parameters: {
            query: {
                /**
                 * @description Its begin.
                 * @example 2026-11-24T02:00:00
                 */
                from: string;
                /**
                 * @description Its end.
                 * @example 2026-11-24T03:00:00
                 */
                to: string;
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                tool: components["schemas"]["Slug"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewReset: {
        parameters: {
            query: {
                /** @description Only these. */
                choice?: "ship" | "skip" | "";
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description A network's hash or the end of it; several with commas between. */
                network?: string;
                /** @description Cast before this. */
                to?: string;
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                tool: components["schemas"]["Slug"];
                /** @description A voter's id or the end of it, as pages show it; several with commas between. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showResets: {
        parameters: {
            query?: {
                /** @description Where the list goes on. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "plan": "1-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
                 *       "reason": "One network, one minute",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description Anything: ban these voters too. */
                    ban?: string;
                    /** @description Until then. */
                    ban_until?: string;
                    /** @description `ship` or `skip`. */
                    choice?: string;
                    /** @description Cast at or after this. */
                    from?: string;
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description From this network. */
                    network?: string;
                    /** @description What the preview gave: nothing is taken out that was not seen. */
                    plan: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                    /** @description Cast before this. */
                    to?: string;
                    /** @description The tool. */
                    tool: string;
                    /** @description By this voter. */
                    voter?: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["unknown-tool.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    showReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewUndo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postUndo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "It was a mistake"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["not-found.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    showSignIn: {
        parameters: {
            query?: {
                /** @description A path of the dashboard to go to then. */
                back?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "TOKEN"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description A path of the dashboard to go to then. */
                    back?: string;
                    /** @description A staff token of role moderator or above. */
                    token: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            401: components["responses"]["bad-token.or.expired-token.page.only"];
            403: components["responses"]["forbidden.or.origin-refused.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            429: components["responses"]["rate-limited.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    finishProviderSignIn: {
        parameters: {
            query?: {
                /** @description Is redeemed at the provider. */
                code?: string;
                /** @description The provider's, in place of a code. */
                error?: string;
                /** @description The provider's issuer. */
                iss?: string;
                /** @description Of the sign-in that this browser began. */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in; the page leads on. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["bad-request.page.only"];
            401: components["responses"]["bad-token.page.only"];
            403: components["responses"]["forbidden.page.only"];
            404: components["responses"]["not-found.page.only"];
            429: components["responses"]["rate-limited.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    beginProviderSignIn: {
        parameters: {
            query?: {
                /** @description A path of the dashboard to go to then. */
                back?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                };
            };
        };
        responses: {
            /** @description A page that leads to the identity provider, to end the session there too. */
            200: {
                headers: {
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    showToolToModerators: {
        parameters: {
            query?: {
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description Cast before this. */
                to?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewMerge: {
        parameters: {
            query: {
                /**
                 * @description The other tool.
                 * @example cursor-background-agents
                 */
                into: components["schemas"]["Slug"];
            };
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            409: components["responses"]["conflict.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postMerge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "into": "cursor-background-agents",
                 *       "key": "KEY",
                 *       "plan": "1-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
                 *       "reason": "One product"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The other tool. */
                    into: string;
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Of the preview. */
                    plan: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["unknown-tool.page.only"];
            409: components["responses"]["conflict.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    previewState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            410: components["responses"]["archived.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "The rush is over",
                 *       "state": "open"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                    /** @description `open` or `frozen`. */
                    state: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["unknown-tool.page.only"];
            410: components["responses"]["archived.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    showVotes: {
        parameters: {
            query?: {
                /** @description Only these. */
                choice?: "ship" | "skip" | "";
                /** @description Where the list goes on. */
                cursor?: string;
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description A network's hash or the end of it; several with commas between. */
                network?: string;
                /** @description Only those that stand so. */
                standing?: "counted" | "held" | "rejected" | "set-aside" | "";
                /** @description Cast before this. */
                to?: string;
                /** @description Of this tool only, by slug or by name. */
                tool?: string;
                /** @description A voter's id or the end of it, as pages show it; several with commas between. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    exportVotes: {
        parameters: {
            query?: {
                /** @description Only these. */
                choice?: "ship" | "skip" | "";
                /** @description Cast at or after this, such as `2026-11-24T02:00:00` (UTC). */
                from?: string;
                /** @description A network's hash or the end of it; several with commas between. */
                network?: string;
                /** @description Only those that stand so. */
                standing?: "counted" | "held" | "rejected" | "set-aside" | "";
                /** @description Cast before this. */
                to?: string;
                /** @description Of this tool only, by slug or by name. */
                tool?: string;
                /** @description A voter's id or the end of it, as pages show it; several with commas between. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest 10,000. */
            200: {
                headers: {
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    showWebhooks: {
        parameters: {
            query?: {
                /** @description Where the list goes on. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    previewSendAgain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Nobody is signed in: to the sign-in, and from there back. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found.page.only"];
            503: components["responses"]["unavailable.page.only"];
        };
    };
    postSendAgain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its number.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "KEY",
                 *       "reason": "It was a mistake"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description The session's own, as each page's forms hold it. */
                    key: string;
                    /** @description Goes into the audit chain. */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; to what it made. Or nobody is signed in: to the sign-in. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page.only"];
            403: components["responses"]["origin-refused.page.only"];
            404: components["responses"]["not-found.page.only"];
            413: components["responses"]["too-large.page.only"];
            415: components["responses"]["unsupported-media-type.page.only"];
            422: components["responses"]["invalid.page.only"];
            503: components["responses"]["unavailable.or.overloaded.page.only"];
        };
    };
    getOembed: {
        parameters: {
            query: {
                /** @description Where nobody says: `json`. */
                format?: "json" | "xml";
                /** @description In CSS pixels. */
                maxheight?: number;
                /** @description In CSS pixels. */
                maxwidth?: number;
                /**
                 * @description A tool, a comparison or an embed of this site.
                 * @example http://127.0.0.1:8080/tools/codestral-2
                 */
                url: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What to paste. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OEmbed"];
                    "text/xml": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found"];
            422: components["responses"]["invalid"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showComparePreview: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description `a-vs-b`, two slugs.
                 * @example codestral-2-vs-cursor-background-agents
                 */
                pair: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not-found"];
        };
    };
    showToolPreview: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    getRobots: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rules. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getSitemap: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The addresses. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/xml": string;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "Content-Security-Policy": components["headers"]["Content-Security-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool.page"];
        };
    };
    postVote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "back": "/",
                 *       "choice": "ship"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    /** @description A path of ours to go back to. */
                    back?: string;
                    /** @enum {string} */
                    choice: "ship" | "skip" | "withdraw";
                };
            };
        };
        responses: {
            /** @description Taken; back to the page. */
            303: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request.page"];
            403: components["responses"]["origin-refused.or.voter-banned.or.challenge-required.page"];
            404: components["responses"]["unknown-tool.page"];
            409: components["responses"]["conflict.page"];
            410: components["responses"]["archived.page"];
            413: components["responses"]["too-large.page"];
            415: components["responses"]["unsupported-media-type.page"];
            422: components["responses"]["invalid.page"];
            423: components["responses"]["frozen.page"];
            429: components["responses"]["rate-limited.page"];
            503: components["responses"]["unavailable.or.overloaded.page"];
        };
    };
    compareTools: {
        parameters: {
            query: {
                /**
                 * @description Slugs of two to four tools, comma separated; each counts once.
                 * @example codestral-2,cursor-background-agents
                 */
                tools: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order asked. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comparison"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
        };
    };
    getComparisonData: {
        parameters: {
            query: {
                /**
                 * @description Slugs of two to four tools, comma separated; each counts once.
                 * @example codestral-2,cursor-background-agents
                 */
                tools: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON-LD. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/ld+json": Record<string, never>;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
        };
    };
    listLogs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The logs. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogList"];
                };
            };
            503: components["responses"]["unavailable"];
        };
    };
    getBallot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The ballot of a receipt.
                 * @example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
                 */
                ballot: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its entries. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BallotView"];
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    getProof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The number of the entry.
                 * @example 0
                 */
                index: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The proof. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    listAlerts: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Only those in this state. */
                state?: "open" | "dismissed";
                /** @description Of this tool only. */
                tool?: components["schemas"]["Slug"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertPage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    dismissAlert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["Why"];
            };
        };
        responses: {
            /** @description The alert, dismissed. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    getAuditHead: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its number and its hash. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditHead"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            503: components["responses"]["unavailable"];
        };
    };
    listBans: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BanPage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    banVoter: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "network": "00000000000000000000000000000000",
                 *       "reason": "A farm of browsers"
                 *     }
                 */
                "application/json": components["schemas"]["BanRequest"];
            };
        };
        responses: {
            /** @description The ban; those of a call with lists. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ban"] | components["schemas"]["MadeBans"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    liftBan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["Why"];
            };
        };
        responses: {
            /** @description The ban that was. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ban"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listClusters: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /**
                 * @description The tool to look at.
                 * @example codestral-2
                 */
                tool: components["schemas"]["Slug"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clusters"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    listHeld: {
        parameters: {
            query?: {
                /** @description Of this choice. */
                choice?: "ship" | "skip";
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Cast at or after this. */
                from?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Of this network, by its hash. */
                network?: string;
                /** @description Those that were rejected, instead of those that wait. */
                rejected?: "true" | "false";
                /** @description Cast before this. */
                to?: string;
                /** @description Of this tool only. */
                tool?: components["schemas"]["Slug"];
                /** @description Of this voter, such as `visitor:UUID`. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeenVotePage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    rejectHeld: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dry_run": true,
                 *       "reason": "A school class",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/json": components["schemas"]["HeldRequest"];
            };
        };
        responses: {
            /** @description What was done, or would be. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldReport"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    releaseHeld: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dry_run": true,
                 *       "reason": "A school class",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/json": components["schemas"]["HeldRequest"];
            };
        };
        responses: {
            /** @description What was done, or would be. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldReport"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listPublicLog: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicRemovalPage"];
                };
            };
            404: components["responses"]["not-found"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    listPeriods: {
        parameters: {
            query?: {
                /** @description Also those that were deleted. */
                all?: "true" | "false";
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Of this tool only. */
                tool?: components["schemas"]["Slug"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovalPage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    excludePeriod: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dry_run": true,
                 *       "from": "2026-11-24T02:00:00Z",
                 *       "reason": "A raid",
                 *       "to": "2026-11-24T03:00:00Z",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/json": components["schemas"]["PeriodRequest"];
            };
        };
        responses: {
            /** @description A dry run. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetReport"];
                };
            };
            /** @description The period. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Removal"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    includePeriod: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["Why"];
            };
        };
        responses: {
            /** @description They count. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Undone"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listResets: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Of this tool only. */
                tool?: components["schemas"]["Slug"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovalPage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    resetVotes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dry_run": true,
                 *       "reason": "One network, one minute",
                 *       "tool": "codestral-2"
                 *     }
                 */
                "application/json": components["schemas"]["ResetRequest"];
            };
        };
        responses: {
            /** @description A dry run. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetReport"];
                };
            };
            /** @description Carried out. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetReport"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    getReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reset. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Removal"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            503: components["responses"]["unavailable"];
        };
    };
    undoReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id.
                 * @example 1
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["Why"];
            };
        };
        responses: {
            /** @description Undone. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Undone"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    setState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "The rush is over",
                 *       "state": "open"
                 *     }
                 */
                "application/json": components["schemas"]["StateRequest"];
            };
        };
        responses: {
            /** @description The tally as it now is. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tally"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            410: components["responses"]["archived"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listVotes: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Cast at or after this. */
                from?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Of this network, by its hash. */
                network?: string;
                /** @description Cast before this. */
                to?: string;
                /** @description Of this tool only. */
                tool?: components["schemas"]["Slug"];
                /** @description Of this voter, such as `visitor:UUID`. */
                voter?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeenVotePage"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    freeSlug: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The slug, and the tool that it led to. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreedSlug"];
                };
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            404: components["responses"]["not-found"];
            413: components["responses"]["too-large"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    streamTallies: {
        parameters: {
            query: {
                /**
                 * @description Slugs of up to 100 tools, comma separated; each counts once.
                 * @example codestral-2,cursor-background-agents
                 */
                tools: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream: an event. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description A Tally; of `missing`, the names that are no tools. */
                        data?: string;
                        /** @enum {string} */
                        event?: "tally" | "missing";
                        id?: string;
                        retry?: number;
                    };
                };
            };
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["overloaded"];
        };
    };
    listTallies: {
        parameters: {
            query: {
                /** @description Adds `raw`, the counts with what moderators set aside. */
                include?: "set-aside";
                /**
                 * @description Slugs of up to 100 tools, comma separated; each counts once.
                 * @example codestral-2,cursor-background-agents
                 */
                tools: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order asked; `missing` lists what is no tool. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TallyList"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid"];
        };
    };
    listTools: {
        parameters: {
            query?: {
                /** @description Without regard to case. */
                category?: string;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /** @description Where nobody says: names from A, figures from the greatest. */
                order?: "asc" | "desc";
                /** @description Words, each of which is found in name, tagline, category or slug. */
                q?: string;
                /** @description Where nobody says: `name`. */
                sort?: "votes" | "community" | "panel" | "gap" | "name";
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolPage"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["invalid"];
        };
    };
    putTools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "tools": [
                 *         {
                 *           "name": "Codestral 2",
                 *           "slug": "codestral-2"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ToolList"];
            };
        };
        responses: {
            /** @description All were there. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManyTools"];
                };
            };
            /** @description At least one is new. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManyTools"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    getTool: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tool. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    putTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "category": "Code completion",
                 *       "entry": "Paid",
                 *       "name": "Codestral 2",
                 *       "reviews": [
                 *         {
                 *           "reviewer": "Ana",
                 *           "summary": "Fast and precise.",
                 *           "verdict": "ship"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Tool"];
            };
        };
        responses: {
            /** @description Replaced. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            /** @description A new tool. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    archiveTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tool as it now is. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            404: components["responses"]["unknown-tool"];
            413: components["responses"]["too-large"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    patchTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "entry": "Free"
                 *     }
                 */
                "application/json": components["schemas"]["ToolPatch"];
            };
        };
        responses: {
            /** @description The tool as it now is. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            404: components["responses"]["unknown-tool"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    getShield: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The badge. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shield"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    getHistory: {
        parameters: {
            query?: {
                /** @description The first step is this time's. */
                from?: string;
                /** @description Where nobody says: `hour`. */
                step?: "hour" | "day";
                /** @description The last step is this time's. */
                to?: string;
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The points. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable"];
        };
    };
    getToolData: {
        parameters: {
            query?: never;
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON-LD. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/ld+json": Record<string, never>;
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
        };
    };
    mergeTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "dry_run": true,
                 *       "into": "cursor-background-agents",
                 *       "reason": "The same product"
                 *     }
                 */
                "application/json": components["schemas"]["MergeRequest"];
            };
        };
        responses: {
            /** @description A dry run. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MergeReport"];
                };
            };
            /** @description Carried out. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MergeReport"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["unknown-tool"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    renameTool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "codestral-2-1"
                 *     }
                 */
                "application/json": components["schemas"]["Rename"];
            };
        };
        responses: {
            /** @description The tool as it now is. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolView"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["token-required.or.bad-token.or.expired-token"];
            404: components["responses"]["unknown-tool"];
            409: components["responses"]["conflict"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    getTally: {
        parameters: {
            query?: {
                /** @description Adds `raw`, the counts with what moderators set aside. */
                include?: "set-aside";
            };
            header?: {
                /** @description An `ETag` that the caller has; a list of them, or `*`. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tally as it stands. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tally"];
                };
            };
            /** @description The caller has it already. */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["unknown-tool"];
            422: components["responses"]["invalid"];
        };
    };
    getVote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The vote; nulls where there is none. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoteAnswer"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            404: components["responses"]["unknown-tool"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    castVote: {
        parameters: {
            query?: never;
            header?: {
                /** @description The solution of the `challenge` that this call was refused with: the base64 of `{"challenge":…,"solution":{"counter":…,"derivedKey":…}}`, good once and for five minutes. Else not looked at. */
                Altcha?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "choice": "ship"
                 *     }
                 */
                "application/json": components["schemas"]["Cast"];
            };
        };
        responses: {
            /** @description Changed, or the same again. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoteAnswer"];
                };
            };
            /** @description The voter's first vote on this tool. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoteAnswer"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            403: components["responses"]["origin-refused.or.voter-banned.or.challenge-required"];
            404: components["responses"]["unknown-tool"];
            409: components["responses"]["conflict"];
            410: components["responses"]["archived"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            423: components["responses"]["frozen"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    withdrawVote: {
        parameters: {
            query?: never;
            header?: {
                /** @description The solution of the `challenge` that this call was refused with: the base64 of `{"challenge":…,"solution":{"counter":…,"derivedKey":…}}`, good once and for five minutes. Else not looked at. */
                Altcha?: string;
            };
            path: {
                /**
                 * @description The tool.
                 * @example codestral-2
                 */
                slug: components["schemas"]["Slug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is none any more. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoteAnswer"];
                };
            };
            /** @description The tool was renamed. */
            308: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            403: components["responses"]["origin-refused.or.voter-banned.or.challenge-required"];
            404: components["responses"]["unknown-tool"];
            410: components["responses"]["archived"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            423: components["responses"]["frozen"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    createVisitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description The solution of the `challenge` that this call was refused with: the base64 of `{"challenge":…,"solution":{"counter":…,"derivedKey":…}}`, good once and for five minutes. Else not looked at. */
                Altcha?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description The same voter, with a new token. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Minted"];
                };
            };
            /** @description A new visitor. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Minted"];
                };
            };
            400: components["responses"]["bad-request"];
            401: components["responses"]["bad-token.or.expired-token"];
            403: components["responses"]["origin-refused.or.challenge-required"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            422: components["responses"]["invalid"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable"];
        };
    };
    exportMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is held. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    eraseMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            403: components["responses"]["origin-refused"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-media-type"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
    listOwnVotes: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Items of a page. */
                limit?: number;
                /**
                 * @description Slugs of up to 100 tools, comma separated; each counts once.
                 * @example codestral-2,cursor-background-agents
                 */
                tools: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order asked; `missing` lists what is no tool. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "Visitor-Token": components["headers"]["Visitor-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnVotes"];
                };
            };
            401: components["responses"]["voter-required.or.bad-token.or.expired-token"];
            422: components["responses"]["invalid"];
            429: components["responses"]["rate-limited"];
            503: components["responses"]["unavailable.or.overloaded"];
        };
    };
}
