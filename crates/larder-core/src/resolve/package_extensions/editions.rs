//! The editions of the list, each sorted by package. One that was released stays as it is.
//!
//! A line has the package, its versions as an npm range, the dependencies that are added, and how their absence shows: the file, and what that loads.

use super::{PackageExtension, own, shared};

/// Writes a line for each package, where a literal of the struct would take seven.
macro_rules! edition {
    ($(
        $package:literal $versions:literal [$($kind:ident $name:literal $($range:literal)?),+ $(,)?] $because:literal;
    )*) => {
        &[$(PackageExtension {
            package: $package,
            versions: $versions,
            adds: &[$($kind($name $(, $range)?)),+],
            because: $because,
        }),*]
    };
}

pub(super) const FIRST: &[PackageExtension] = edition! {
    "create-react-class" "15" [shared "react"] "index.js requires react";
    "es-abstract" "1.24.2" [own "for-each" "^0.3.5"] "2025/EncodeForRegExpEscape.js requires for-each";
    "rc-align" "2" [shared "react", shared "react-dom"] "lib/Align.js requires both";
    "rc-animate" "2" [shared "react", shared "react-dom"] "lib/Animate.js and lib/AnimateChild.js require them";
    "rc-slider" "6" [shared "react", shared "react-dom"] "lib/Slider.js and lib/utils.js require them";
    "rc-tooltip" "3" [shared "react"] "lib/Content.js requires react";
    "rc-trigger" "2" [shared "react", shared "react-dom"] "lib/Popup.js requires both";
    "rc-util" "4" [shared "react", shared "react-dom"] "lib/ContainerRender.js requires both";
    "react-hot-loader" "3.0.0-beta.6" [shared "react"] "lib/AppContainer.dev.js requires react";
    "react-lazyload" "2.6" [own "prop-types" "^15"] "lib/index.js requires prop-types";
    "typed-array-byte-length" "1.0.3" [own "available-typed-arrays" "^1.0.7"]
        "index.js requires available-typed-arrays";
    "webpack-split-by-path" "2" [shared "webpack"] "index.js requires webpack/lib/Entrypoint";
};

pub(super) const SECOND: &[PackageExtension] = edition! {
    "@eslint-community/eslint-utils" "^4.7.0" [own "@types/estree" "^1"] "index.d.ts imports estree";
    "@nestjs/platform-express" "^11.2.10" [shared "rxjs"] "multer/multer/multer.utils.js requires rxjs";
    "@svgr/babel-plugin-transform-svg-component" "8.0.0" [own "@babel/template" "^7"]
        "dist/index.d.ts imports @babel/template";
    "@testing-library/jest-dom" "^6.4.0 || ^7.0.0" [own "@types/aria-query" "^5"]
        "types/matchers.d.ts imports aria-query, which has no types of its own";
    "eslint-plugin-react-hooks" "7" [own "@types/estree" "^1"] "cjs/eslint-plugin-react-hooks.d.ts imports estree";
    "estree-walker" "2.0.2" [own "@types/estree" "^1"] "types/index.d.ts and its neighbours import estree";
};

pub(super) const THIRD: &[PackageExtension] = edition! {
    "@ant-design/react-slick" "0.27 || 0.28" [shared "react"] "lib/slider.js requires react";
    "@astrojs/react" "7" [shared "astro"] "dist/actions.js requires astro/errors";
    "@codemirror/lang-json" "6" [own "@codemirror/view" "^6"] "dist/index.d.ts imports @codemirror/view";
    "@craco/craco" "7" [
        own "babel-jest" "^27",
        own "postcss-flexbugs-fixes" "^5",
        own "postcss-normalize" "^10",
        own "postcss-preset-env" "^7",
    ]
        "dist/lib/features/jest/create-jest-babel-transform.js requires babel-jest; \
         dist/lib/features/webpack/style/postcss.js requires postcss-flexbugs-fixes, postcss-normalize and \
         postcss-preset-env";
    "@eslint/markdown" "8" [own "@types/mdast" "^4", own "@types/unist" "^3"]
        "dist/language/markdown-language.d.ts imports mdast; dist/language/markdown-source-code.d.ts imports \
         unist";
    "@firebase/database" "1" [shared "@firebase/app"] "dist/index.node.cjs.js requires @firebase/app";
    "@firebase/firestore-compat" "0.4" [own "@firebase/app-types" "^0.9"]
        "dist/src/index.d.ts imports @firebase/app-types";
    "@firebase/storage-compat" "0.4" [own "@firebase/app-types" "^0.9"]
        "dist/src/index.d.ts imports @firebase/app-types";
    "@google-cloud/firestore" "4" [own "protobufjs" "^6"]
        "build/protos/firestore_v1_proto_api.js requires protobufjs/minimal";
    "@headlessui/react" "2" [own "@floating-ui/react-dom" "^2"]
        "dist/internal/floating.d.ts imports @floating-ui/react-dom";
    "@jest/core" "27" [own "pretty-format" "^27"] "build/runGlobalHook.js requires pretty-format";
    "@jest/test-sequencer" "30" [own "@jest/types" "^30"] "build/index.d.ts imports @jest/types";
    "@lexical/react" "0" [own "@preact/signals-core" "^1"]
        "dist/ReactPluginHostExtension.d.ts imports @preact/signals-core";
    "@mantine/hooks" "9" [shared "react-dom"] "cjs/use-collapse/use-collapse.cjs requires react-dom";
    "@mdx-js/mdx" "2" [own "@types/hast" "^2", own "@types/estree" "^1"]
        "lib/plugin/rehype-recma.d.ts imports hast and estree";
    "@mdx-js/mdx" "3" [own "@types/mdast" "^4"] "lib/core.d.ts imports mdast";
    "@medusajs/auth-emailpass" "2" [own "@medusajs/utils" "^2"] "dist/services/emailpass.js requires @medusajs/utils";
    "@medusajs/caching" "2" [own "graphql" "^16"] "dist/utils/parser.js requires graphql";
    "@medusajs/caching-redis" "2" [own "awilix" "^8"] "dist/loaders/hash.js requires awilix";
    "@medusajs/core-flows" "2" [own "@medusajs/utils" "^2", own "@medusajs/workflows-sdk" "^2", own "uuid" "^11"]
        "dist/common/steps/use-query-graph.js requires @medusajs/utils and @medusajs/workflows-sdk; \
         dist/order/workflows/transfer/request-order-transfer.js requires uuid";
    "@medusajs/index" "2" [own "@medusajs/utils" "^2"] "dist/utils/default-schema.js requires @medusajs/utils";
    "@medusajs/product" "2" [own "@mikro-orm/core" "^6"] "dist/services/product-category.js requires @mikro-orm/core";
    "@medusajs/promotion" "2" [own "@mikro-orm/postgresql" "^6"]
        "dist/utils/compute-actions/build-promotion-rule-query-filter-from-context.js requires \
         @mikro-orm/postgresql";
    "@medusajs/settings" "2" [own "@medusajs/utils" "^2"] "dist/index.js requires @medusajs/utils";
    "@medusajs/ui" "4" [own "@internationalized/date" "^3", own "tslib" "^2"]
        "dist/cjs/components/calendar/_internal-calendar.js requires @internationalized/date; dist/cjs/index.js \
         requires tslib";
    "@next/eslint-plugin-next" "16" [shared "eslint"] "dist/index.d.ts imports eslint";
    "@nuxt/nitro-server" "4" [own "@nuxt/schema" "^4"] "dist/index.d.mts imports @nuxt/schema";
    "@nuxt/vite-builder" "4" [own "unplugin" "^3", own "@nuxt/schema" "^4"]
        "dist/index.mjs imports unplugin; dist/index.d.mts imports @nuxt/schema";
    "@nx/js" "23" [shared "nx"] "dist/src/release/version-actions.js requires nx/release";
    "@parcel/cache" "2" [own "@parcel/types" "^2"] "index.d.ts imports @parcel/types";
    "@parcel/transformer-image" ">=2 <2.5" [own "@parcel/utils" "^2"] "lib/validateConfig.js requires @parcel/utils";
    "@parcel/workers" "2" [own "@parcel/types" "^2"] "index.d.ts imports @parcel/types";
    "@playwright/test" ">=1.0 <1.15" [own "jest-matcher-utils" "^26"]
        "lib/test/matchers/toBeTruthy.js requires jest-matcher-utils";
    "@react-native/virtualized-lists" "<=0.74" [shared "react"] "Lists/VirtualizedList.js requires react";
    "@react-navigation/native" "7" [own "@react-navigation/routers" "^7"]
        "lib/typescript/src/useLinkBuilder.d.ts imports @react-navigation/routers";
    "@react-pdf/layout" "5" [own "@react-pdf/font" "^4"] "lib/index.d.ts imports @react-pdf/font";
    "@rebass/forms" "4" [own "@styled-system/should-forward-prop" "^5", shared "react"]
        "dist/index.js requires @styled-system/should-forward-prop and react";
    "@storybook/builder-webpack5" "10" [own "@storybook/global" "^5"]
        "templates/virtualModuleModernEntry.js requires @storybook/global";
    "@tiptap/extension-list" "3" [own "prosemirror-model" "^1"] "dist/index.d.ts imports prosemirror-model";
    "@vue/cli-service" "5" [own "@types/express" "^4", own "terser" "^5"]
        "types/index.d.ts imports express; types/ProjectOptions.d.ts imports terser";
    "@vue/compiler-core" "3" [own "@babel/types" "^7"] "dist/compiler-core.d.ts imports @babel/types";
    "@vue/compiler-sfc" "3" [own "@babel/types" "^7", shared "typescript"] "dist/compiler-sfc.d.ts imports both";
    "@vuepress/core" "1" [own "escape-html" "^1", own "express" "^4", own "hash-sum" "^1", own "lodash.uniq" "^4"]
        "lib/node/build/index.js requires escape-html; lib/node/dev/index.js requires express; \
         lib/node/webpack/ClientPlugin.js requires hash-sum and lodash.uniq";
    "@vuepress/markdown-loader" "1" [own "@vuepress/shared-utils" "^1"] "index.js requires @vuepress/shared-utils";
    "@vuepress/plugin-active-header-links" "1" [own "@vuepress/shared-utils" "^1"]
        "index.js requires @vuepress/shared-utils";
    "@vuepress/plugin-search" "1" [own "@vuepress/shared-utils" "^1"] "index.js requires @vuepress/shared-utils";
    "@vuepress/shared-utils" "1" [
        own "@vue/component-compiler-utils" "^3",
        own "lru-cache" "^5",
        own "markdown-it-emoji" "^1",
    ]
        "lib/parseVueFrontmatter.js requires @vue/component-compiler-utils; lib/extractHeaders.js requires \
         lru-cache; lib/parseEmojis.js requires markdown-it-emoji/lib/data/full.json";
    "ant-design-vue" "4" [own "@vue/shared" "^3"] "es/calendar/generateCalendar.d.ts imports @vue/shared";
    "ast-kit" "2 || 3" [own "@babel/types" "^7"] "dist/index.d.ts imports @babel/types";
    "babel-plugin-jest-hoist" "30" [own "@babel/types" "^7"] "build/index.d.ts imports @babel/types";
    "babel-plugin-transform-typescript-metadata" "0.3" [shared "@babel/core"]
        "lib/parameter/parameterVisitor.js requires @babel/core";
    "bin-links" "<2.3" [own "mkdirp-infer-owner" "^2"] "lib/link-gently.js requires mkdirp-infer-owner";
    "cordova-ios" "<=6.3" [own "underscore" "^1"]
        "bin/templates/scripts/cordova/lib/projectFile.js requires underscore";
    "drizzle-orm" "0" [shared "react"] "expo-sqlite/migrator.js requires react";
    "electron-builder" "26" [own "electron-publish" "^26"] "out/builder.d.ts imports electron-publish";
    "electron-winstaller" "5" [own "semver" "^7"] "lib/sign.js requires semver";
    "element-plus" "2" [own "@vue/shared" "^3", own "csstype" "^3"]
        "es/utils/functions.mjs imports @vue/shared; es/components/affix/src/affix.d.ts imports csstype";
    "esast-util-from-estree" "2" [own "@types/estree" "^1"] "lib/index.d.ts imports estree";
    "eslint-config-next" ">=12" [shared "next"] "dist/parser.js requires next/dist/compiled/babel/eslint-parser";
    "eslint-plugin-jsonc" "3" [own "@types/estree" "^1"] "dist/types-VwE789jt.d.mts imports estree";
    "eslint-plugin-regexp" "3" [own "@types/json-schema" "^7"] "dist/index.d.ts imports json-schema";
    "estree-util-build-jsx" "2" [own "@types/estree" "^1"] "lib/index.d.ts imports estree";
    "expo-asset" ">=50" [shared "@react-native/assets-registry", shared "expo-modules-core"]
        "build/Asset.js requires @react-native/assets-registry/registry and expo-modules-core";
    "expo-constants" ">=16" [shared "expo-modules-core"] "build/Constants.js requires expo-modules-core";
    "expo-font" ">=12" [shared "expo-asset", shared "expo-modules-core"]
        "build/FontLoader.js requires expo-asset; build/server.js requires expo-modules-core";
    "expo-keep-awake" ">=13" [shared "expo-modules-core"] "src/index.ts requires expo-modules-core";
    "focus-trap-react" "8" [own "tabbable" "^5"] "dist/focus-trap-react.js requires tabbable";
    "google-gax" "6" [own "long" "^5"] "build/protos/iam_service.d.ts imports long";
    "got" "10" [own "@types/keyv" "^3"] "dist/source/types.d.ts imports keyv";
    "heimdalljs-fs-monitor" "1" [own "debug" "^2"] "index.js requires debug";
    "html-react-parser" "5" [own "htmlparser2" "^10"] "lib/types.d.ts imports htmlparser2";
    "jest" "30" [own "jest-config" "^30"] "build/index.js requires jest-config";
    "jest-expo" "58" [shared "jest"] "bin/jest.js requires jest/package.json";
    "jest-resolve-dependencies" "30" [own "jest-haste-map" "^30"] "build/index.d.ts imports jest-haste-map";
    "jest-validate" "29 || 30" [own "@types/yargs" "^17"] "build/validateCLIOptions.d.ts imports yargs";
    "jquery-ui" "1.10" [shared "jquery"] "jquery-ui.js requires jquery";
    "jss-plugin-rule-value-function" "<=10.1.1" [own "tiny-warning" "^1"]
        "dist/jss-plugin-rule-value-function.cjs.js requires tiny-warning";
    "less-loader" "13" [own "schema-utils" "^4"] "types/index.d.ts imports schema-utils";
    "material-table" "2" [own "@babel/runtime" "^7"]
        "dist/index.js requires @babel/runtime/helpers/interopRequireDefault";
    "metro-babel-transformer" "0.84" [own "@babel/types" "^7"] "src/index.d.ts imports @babel/types";
    "metro-config" "0.84" [
        own "metro-file-map" "^0.84",
        own "metro-resolver" "^0.84",
        own "metro-transform-worker" "^0.84",
    ]
        "src/types.d.ts imports metro-file-map, metro-resolver and metro-transform-worker";
    "mobx-react" "4" [shared "react-dom"] "index.module.js imports react-dom";
    "mqtt" "4" [own "duplexify" "^3"] "lib/connect/wx.js requires duplexify";
    "nightwatch" "3" [own "ws" "^8"] "lib/testsuite/nightwatch-inspector/websocket-server.js requires ws";
    "nuxt" "4" [own "nitropack" "^2", own "vue-bundle-renderer" "^2"]
        "dist/app/types.d.ts imports nitropack; dist/runtime/server/entry.d.ts imports vue-bundle-renderer";
    "payload" "3" [own "@types/json-schema" "^7"] "dist/config/types.d.ts imports json-schema";
    "pino-http-print" "3" [own "sonic-boom" "^2"] "lib/transport.js requires sonic-boom";
    "primereact" "11" [own "@primeuix/styled" "*", own "@primeuix/utils" "*"]
        "knob/index.mjs imports @primeuix/styled; accordion/content/index.mjs imports @primeuix/utils";
    "primevue" "5" [shared "vue"] "accordion/index.mjs imports vue";
    "prosemirror-changeset" "2" [own "prosemirror-model" "^1"] "dist/index.d.ts imports prosemirror-model";
    "prosemirror-gapcursor" "1" [own "prosemirror-transform" "^1"] "dist/index.d.ts imports prosemirror-transform";
    "prosemirror-inputrules" "1" [own "prosemirror-model" "^1"] "dist/index.cjs requires prosemirror-model";
    "prosemirror-keymap" "1" [own "prosemirror-view" "^1"] "dist/index.d.ts imports prosemirror-view";
    "prosemirror-schema-list" "1" [own "orderedmap" "^2"] "dist/index.d.ts imports orderedmap";
    "quasar" "2" [shared "vue"] "dist/quasar.client.js requires vue";
    "react-draggable" "<=4.4.3" [shared "react", shared "react-dom"]
        "dist/react-draggable.js requires react and react-dom";
    "react-github-btn" "<=1.3.0" [shared "react"] "index.js requires react";
    "react-instantsearch-dom" "<=6.7.0" [own "react-fast-compare" "^3"]
        "dist/cjs/lib/infiniteHitsCache/sessionStorage.js requires react-fast-compare";
    "react-live" "2" [shared "react"] "dist/react-live.cjs.js requires react";
    "react-portal" "<4.2.2" [shared "react-dom"] "lib/PortalCompat.js requires react-dom";
    "react-rnd" "<10.3.7" [shared "react"] "lib/index.es5.js requires react";
    "react-scrolllock" "2" [shared "react"] "dist/ScrollLock.js requires react";
    "reactcss" "1" [shared "react"] "lib/components/hover.js requires react";
    "rebass" "4" [shared "react"] "dist/index.js requires react";
    "recharts" "3" [own "redux" "^5"] "types/state/tooltipSlice.d.ts imports redux";
    "remark-mdx" "2" [own "@types/mdast" "^3"] "index.d.ts imports mdast";
    "remark-parse" "11" [own "vfile" "^6"] "lib/index.d.ts imports vfile";
    "remark-stringify" "11" [own "vfile" "^6"] "lib/index.d.ts imports vfile";
    "sails" "1" [own "ini" "^1"] "lib/util/rc.js requires ini";
    "sass-loader" "17" [own "schema-utils" "^4"] "types/index.d.ts imports schema-utils";
    "storybook" "10" [shared "react", shared "react-dom"] "dist/components/index.js requires react and react-dom";
    "stylus-loader" "3" [shared "webpack"] "index.js requires webpack";
    "stylus-loader" "9" [own "schema-utils" "^4"] "types/index.d.ts imports schema-utils";
    "ts-jest" "29" [own "@types/babel__core" "^7", own "jest-util" "^29 || ^30"]
        "dist/types.d.ts imports babel__core; dist/legacy/config/config-set.js requires jest-util, an optional peer";
    "tunnel-rat" "0.1" [shared "react"] "dist/index.cjs.js requires react";
    "unified" "9" [own "@types/unist" "^2"] "types/ts3.4/index.d.ts imports unist";
    "unzipper" "0.12" [own "readable-stream" "^2"] "lib/Decrypt.js requires readable-stream";
    "vant" "4" [own "csstype" "^3"] "lib/uploader/index.d.ts imports csstype";
    "vuepress" "1" [own "@vuepress/shared-utils" "^1"] "lib/checkEnv.js requires @vuepress/shared-utils";
    "vuetify" "3 || 4" [own "@vue/reactivity" "^3", own "@vue/shared" "^3"]
        "lib/framework.d.ts imports @vue/reactivity; lib/util/propsFactory.d.ts imports @vue/shared";
    "webpack-dev-server" "4" [own "@types/express-serve-static-core" "^4"]
        "types/lib/Server.d.ts imports express-serve-static-core";
    "webpack-dev-server" "6" [own "@types/qs" "^6"] "types/lib/Server.d.ts imports qs";
    "workbox-build" "6 || 7" [own "type-fest" "^0.16"] "build/types.d.ts imports type-fest";
};
