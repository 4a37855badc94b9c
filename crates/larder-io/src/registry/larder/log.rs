//! The log of a registry: its state is read and verified once in a run, the heads of names as they are needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::known_tiles::TilesOfLook;
use super::reading::{SharedFailure, description, drive, failed, fetch, shard_or_file, until_whole};
use super::signer_list;
use super::witness::{Seen, WitnessFile};
use crate::diagnostic::counted;
use crate::fetch::Network;
use crate::manifest::{LogTrust, Signer, SignerListSource};
use crate::model::{LogKey, PackageName};
use crate::package::log::{Answers, Head, LogFault, StateFreshness, VerifiedState, find_head, read_state};
use crate::package::{REGISTRY_FILE, RegistryFile};
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;
use crate::registry::once::{OnceValue, lock};

/// A shard of heads that is fetched once.
type OnceShard = OnceValue<Result<Option<Vec<u8>>, SharedFailure>>;

/// What is believed of a registry before it is asked.
#[derive(Clone, Debug, Default)]
pub(in crate::registry) struct LogOptions {
    /// What the manifest says.
    pub(in crate::registry) trust: LogTrust,
    /// The key that the lock has, for a registry for which the manifest names none.
    pub(in crate::registry) locked_key: Option<LogKey>,
    /// Whether a key that nobody has named is refused.
    pub(in crate::registry) requires_key: bool,
    /// What this user has seen of the log.
    pub(in crate::registry) witness: WitnessFile,
}

/// The log of one registry.
pub(super) struct RegistryLog {
    options: LogOptions,
    opened: OnceValue<Result<Arc<OpenLog>, SharedFailure>>,
    /// Shards of heads that were read.
    shards: Mutex<BTreeMap<String, Arc<OnceShard>>>,
    /// The keys of publishers: the manifest's, and those of the registry's list.
    signers: OnceValue<Result<Arc<Vec<Signer>>, SharedFailure>>,
    warnings: Mutex<Vec<String>>,
}

/// A log whose state was verified.
pub(super) struct OpenLog {
    pub(super) description: RegistryFile,
    pub(super) state: VerifiedState,
}

impl RegistryLog {
    pub(super) fn new(options: LogOptions) -> Self {
        let (opened, signers) = (OnceValue::new(), OnceValue::new());
        Self { options, opened, shards: Mutex::default(), signers, warnings: Mutex::default() }
    }

    /// Returns the keys of publishers that the manifest names, itself or by a list at the registry.
    pub(super) fn signers(&self, client: &RegistryClient) -> Result<Arc<Vec<Signer>>, SharedFailure> {
        self.signers.get(|| {
            let mut signers = self.options.trust.signers.clone();
            if let Some(source) = &self.options.trust.signer_list {
                let listed = signer_list::read(client, source, &self.options.witness)?;
                signers.extend(listed.signers);
                listed.warning.into_iter().for_each(|warning| self.warn(warning));
            }
            Ok(Arc::new(signers))
        })
    }

    /// Returns the list of signers at the registry that the manifest names.
    pub(super) fn signer_list(&self) -> Option<&SignerListSource> {
        self.options.trust.signer_list.as_ref()
    }

    /// Returns the leaf at a place of the log, offline as it was read before. Returns `None` if the log is shorter.
    pub(super) fn leaf(&self, client: &RegistryClient, index: u64) -> Result<Option<Vec<u8>>, SharedFailure> {
        let key = format!("leaf-{index}");
        if client.http.network() == Network::Offline
            && let Some(cached) = client.cache.release(&key)
        {
            return Ok(Some(cached));
        }
        let tree = self.open(client)?.state.checkpoint.tree;
        if index >= tree.size {
            return Ok(None);
        }
        let read = until_whole(|past_caches| {
            drive(|path: &str| fetch(client, path, past_caches), |answers| tree.leaf(index, answers))
        })?;
        let leaf = read.map_err(|fault| failed(client, fault))?;
        client.cache.store_release(&key, &leaf);
        Ok(Some(leaf))
    }

    /// Returns the log if it was read before.
    pub(super) fn opened(&self) -> Option<Arc<OpenLog>> {
        self.opened.try_get(|| None)?.ok()
    }

    /// Returns the key that was believed, if the manifest names none and the log was read.
    pub(super) fn believed_key(&self) -> Option<LogKey> {
        let is_named = !self.options.trust.keys.is_empty();
        self.opened().filter(|_| !is_named).map(|log| log.state.checkpoint.key.clone())
    }

    /// Returns what a user should hear about.
    pub(super) fn warnings(&self) -> Vec<String> {
        lock(&self.warnings).clone()
    }

    /// Reads the state, once.
    pub(super) fn open(&self, client: &RegistryClient) -> Result<Arc<OpenLog>, SharedFailure> {
        self.opened.get(|| self.read(client).map(Arc::new))
    }

    /// Returns what this user has seen of the log.
    pub(super) fn seen(&self, log: &OpenLog) -> Seen {
        self.options.witness.read(std::slice::from_ref(&log.state.checkpoint.key))
    }

    /// Returns the head of a name. Returns `None` if the registry does not have it.
    pub(super) fn head(&self, client: &RegistryClient, name: &PackageName) -> Result<Option<Head>, SharedFailure> {
        let log = self.open(client)?;
        let head = until_whole(|past_caches| {
            let fetch = |path: &str| self.shard(client, path, past_caches);
            drive(fetch, |answers| find_head(&log.state.leaf, name.as_str(), answers))
        })?;
        head.map_err(|fault| failed(client, fault))
    }

    /// Returns a shard of heads, which is fetched once however many names lie in it.
    fn shard(&self, client: &RegistryClient, path: &str, past_caches: bool) -> Result<Option<Vec<u8>>, SharedFailure> {
        if past_caches {
            return shard_or_file(client, path, true);
        }
        let new = || Arc::new(OnceValue::new());
        let once = Arc::clone(lock(&self.shards).entry(path.to_owned()).or_insert_with(new));
        once.get(|| shard_or_file(client, path, false))
    }

    /// Fetches the index file of a name, as far as its head knows it.
    pub(super) fn index(client: &RegistryClient, head: &Head, path: &str) -> Result<Vec<u8>, SharedFailure> {
        let index = until_whole(|past_caches| {
            Ok(match fetch(client, path, past_caches)? {
                Some(content) => head.check(content),
                None => Err(LogFault::Missing { path: path.to_owned() }),
            })
        })?;
        index.map_err(|fault| failed(client, fault))
    }

    fn read(&self, client: &RegistryClient) -> Result<OpenLog, SharedFailure> {
        let description = description(client)?;
        let (keys, is_first_use) = self.keys(client, &description)?;
        let seen = self.options.witness.read(&keys);
        let known = self.options.witness.tiles(&keys);
        let mut look = TilesOfLook::default();
        let read = until_whole(|past_caches| {
            look = TilesOfLook::default();
            let from_registry = |path: &str| shard_or_file(client, path, past_caches);
            let fetch = |path: &str| from_registry(path).map(|answer| look.note(&known, path, answer));
            let reader = |answers: &Answers| read_state(&keys, &seen.witness, answers);
            match drive(fetch, reader)? {
                // What was kept is none of this log.
                Err(LogFault::Forged { .. }) if look.has_used_known() => drive(from_registry, reader),
                read => Ok(read),
            }
        })?;
        let state = match (read, &seen.last) {
            (Ok(state), _) => state,
            (Err(fault), Some(last)) if fault.is_between_states() => {
                self.warn(format!(
                    "registry `{}` is between two states ({fault}): its state of {} is used, the last that was seen whole",
                    client.name(),
                    last.leaf.time
                ));
                last.clone()
            }
            (Err(fault), _) => return Err(failed(client, fault)),
        };
        if is_first_use {
            self.warn(format!(
                "registry `{}` is trusted on first use: write `key \"{}\"` in its block in larder.kdl",
                client.name(),
                state.checkpoint.key
            ));
        }
        if let StateFreshness::Older { newest } = state.freshness {
            self.warn(format!(
                "registry `{}` shows a state of {} events, of {}, though one of {newest} was seen before: what was published or \
                 yanked since is not known here",
                client.name(),
                state.checkpoint.tree.size,
                state.leaf.time
            ));
        } else {
            self.options.witness.add(&seen, &state);
            if seen.witness.newest() != Some(state.checkpoint.tree) {
                look.keep(&self.options.witness.tiles(std::slice::from_ref(&state.checkpoint.key)));
            }
        }
        self.check_age(client, &state)?;
        Ok(OpenLog { description, state })
    }

    /// Returns the keys that may have signed the checkpoint, and whether they are believed for the first time.
    fn keys(&self, client: &RegistryClient, description: &RegistryFile) -> Result<(Vec<LogKey>, bool), SharedFailure> {
        let named = &self.options.trust.keys;
        if !named.is_empty() {
            return Ok((named.clone(), false));
        }
        let registry = client.name().clone();
        let stated: Option<LogKey> = description.key.as_ref().and_then(|key| key.parse().ok());
        if self.options.requires_key {
            let key = stated.map(|key| key.to_string()).unwrap_or_default();
            return Err(Arc::new(RegistryError::NoLogKey { registry, key }));
        }
        match (self.options.locked_key.clone(), self.options.witness.first_key()) {
            // A lock does not talk a user out of what was seen here: somebody else may have written it.
            (Some(locked), Some(seen)) if locked != seen => {
                let (locked, seen) = (Box::new(locked), Box::new(seen));
                return Err(Arc::new(RegistryError::OtherLogKey { registry, locked, seen }));
            }
            (Some(locked), None) => {
                self.options.witness.set_first_key(&locked);
                return Ok((vec![locked], false));
            }
            (_, Some(seen)) => return Ok((vec![seen], false)),
            (None, None) => {}
        }
        let Some(stated) = stated else {
            let (file, reason) = (REGISTRY_FILE.to_owned(), "it has no `key`".to_owned());
            return Err(Arc::new(RegistryError::LarderFile { registry, file, reason }));
        };
        self.options.witness.set_first_key(&stated);
        Ok((vec![stated], true))
    }

    /// Checks that the state is not older than the manifest allows.
    fn check_age(&self, client: &RegistryClient, state: &VerifiedState) -> Result<(), SharedFailure> {
        let Some(limit) = self.options.trust.freshness.filter(|_| client.http.network() == Network::Online) else {
            return Ok(());
        };
        let age =
            state.leaf.time.parse::<jiff::Timestamp>().ok().map(|time| jiff::Timestamp::now().duration_since(time));
        let is_fresh = age.is_some_and(|age| age.as_secs() <= i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
        if is_fresh {
            return Ok(());
        }
        let (registry, time) = (client.name().clone(), state.leaf.time.clone());
        Err(Arc::new(RegistryError::OldState { registry, time, allowed: age_text(limit.as_secs()) }))
    }

    fn warn(&self, warning: String) {
        lock(&self.warnings).push(warning);
    }
}

/// Returns an age in the largest unit that it is a whole number of.
fn age_text(seconds: u64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (unit, noun) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    counted(usize::try_from(seconds / unit).unwrap_or(usize::MAX), noun)
}
