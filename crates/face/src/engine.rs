//! Pictures in from any thread, answers out as futures; the work is done on threads of its own, never on those of an
//! asynchronous runtime. Who comes when too many wait is postponed, never failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use zeroize::Zeroizing;

use crate::check::{Check, Verdict};
use crate::clock;
use crate::error::{Error, Postponement, Result};
use crate::line::{Full, Line};
use crate::models::{Models, Versions};
use crate::pipeline::{Hint, Pipeline, Portrait};
use crate::quality::QualityLimits;

/// How much the engine does at once, and how much it lets wait.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads, each with models of its own (about 110 MB). Half of the processors by default, at least one, so that
    /// what else runs here keeps the rest.
    pub workers: usize,
    /// Pieces of work that may wait; beyond that they are postponed.
    pub waiting: usize,
    /// Of one caller.
    pub waiting_per_caller: usize,
    /// From asking to the answer; beyond that the work is postponed.
    pub deadline: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: (processors / 2).max(1),
            waiting: 32,
            waiting_per_caller: 2,
            deadline: Duration::from_secs(10),
        }
    }
}

/// Who asks, as a number: callers take turns. A learner's identity will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerKey(pub u128);

/// An answer, with how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Done<T> {
    /// The answer.
    pub value: T,
    /// From asking to the start of the work.
    pub waited: Duration,
    /// From then to the answer.
    pub worked: Duration,
}

/// How the engine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Threads.
    pub workers: usize,
    /// Of these, at work.
    pub working: usize,
    /// Pieces of work that wait.
    pub waiting: usize,
    /// Pieces of work answered since the start, whatever they came to.
    pub done: u64,
    /// Pieces of work postponed since the start.
    pub postponed: u64,
    /// Pieces of work that ended in a defect since the start.
    pub broken: u64,
}

/// Threads with models, and the line before them.
pub struct Engine {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    versions: Versions,
}

struct Shared {
    desk: Mutex<Desk>,
    /// There is work, or the end has come.
    work: Condvar,
    /// There is a new deadline, or the end has come.
    time: Condvar,
    settings: Settings,
}

struct Desk {
    line: Line<Job>,
    /// What each worker is at.
    running: Vec<Option<Running>>,
    stopping: bool,
    done: u64,
    postponed: u64,
    broken: u64,
    /// Of a piece of work, a moving mean.
    usual: Duration,
}

struct Job {
    work: Work,
    reply: Arc<dyn Reply>,
    deadline: Instant,
}

/// Tells whether it gave up for want of time.
type Work = Box<dyn FnOnce(&mut Pipeline) -> bool + Send>;

struct Running {
    reply: Arc<dyn Reply>,
    deadline: Instant,
}

/// The way back to who asked. Only the first word is heard.
trait Reply: Send + Sync {
    fn postpone(&self, reason: Postponement, retry_after: Duration);
    /// Nobody listens any more.
    fn is_gone(&self) -> bool;
}

struct Way<T>(Mutex<Option<oneshot::Sender<Result<Done<T>>>>>);

/// The answer to come: a future for any runtime. Dropping it gives up the place in the line.
pub struct Answer<T>(oneshot::Receiver<Result<Done<T>>>);

impl Engine {
    /// Loads the models on each thread and runs them once; takes a second or two. Fails if a model does not load.
    pub fn start(models: Models, settings: Settings) -> Result<Self> {
        let workers = settings.workers.max(1);
        let desk = Desk {
            line: Line::new(settings.waiting, settings.waiting_per_caller),
            running: (0..workers).map(|_| None).collect(),
            stopping: false,
            done: 0,
            postponed: 0,
            broken: 0,
            usual: Duration::from_millis(300),
        };
        let shared = Arc::new(Shared {
            desk: Mutex::new(desk),
            work: Condvar::new(),
            time: Condvar::new(),
            settings,
        });
        let versions = models.versions();
        let models = Arc::new(models);
        let mut engine = Self {
            shared: shared.clone(),
            threads: Vec::new(),
            versions,
        };
        let (ready, failed) = mpsc::channel::<Error>();
        for worker in 0..workers {
            let (shared, models, ready) = (shared.clone(), models.clone(), ready.clone());
            engine.spawn(format!("face-{worker}"), move || {
                let loaded = Pipeline::load(&models);
                // Both go before the work begins: the start waits until nobody can say anything more.
                drop(models);
                let pipeline = loaded.map_err(|error| ready.send(error)).ok();
                drop(ready);
                if let Some(pipeline) = pipeline {
                    shared.work_off(worker, pipeline);
                }
            })?;
        }
        drop((ready, models));
        engine.spawn("face-time".to_owned(), move || shared.keep_time())?;
        // Returning drops the engine, which ends the threads that did start.
        if let Some(error) = failed.into_iter().next() {
            return Err(error);
        }
        Ok(engine)
    }

    fn spawn(&mut self, name: String, body: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = thread::Builder::new()
            .name(name)
            .spawn(body)
            .map_err(|error| Error::Runtime {
                what: "starting a thread",
                complaint: error.to_string(),
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Looks at the frames of a challenge.
    pub fn check(&self, caller: CallerKey, check: Check) -> Answer<Verdict> {
        self.ask(caller, move |pipeline, until| {
            pipeline.check(&check, Some(until))
        })
    }

    /// Looks at a photograph of one person.
    pub fn portrait(
        &self,
        caller: CallerKey,
        photograph: Zeroizing<Vec<u8>>,
        limits: QualityLimits,
    ) -> Answer<Portrait> {
        self.ask(caller, move |pipeline, _| {
            pipeline.portrait(&photograph, &limits)
        })
    }

    /// Says how a frame of the camera could be better.
    pub fn hint(
        &self,
        caller: CallerKey,
        frame: Zeroizing<Vec<u8>>,
        limits: QualityLimits,
    ) -> Answer<Hint> {
        self.ask(caller, move |pipeline, _| pipeline.hint(&frame, &limits))
    }

    /// What it works with; kept with each decision.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// How it is doing.
    pub fn state(&self) -> State {
        let desk = self.shared.desk();
        State {
            workers: desk.running.len(),
            working: desk.running.iter().flatten().count(),
            waiting: desk.line.len(),
            done: desk.done,
            postponed: desk.postponed,
            broken: desk.broken,
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&mut Pipeline, Instant) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        let (sender, receiver) = oneshot::channel();
        let way = Arc::new(Way(Mutex::new(Some(sender))));
        let asked = clock::now();
        let deadline = asked + self.shared.settings.deadline;
        let reply = way.clone();
        let work: Work = Box::new(move |pipeline| {
            let began = clock::now();
            let result = work(pipeline, deadline);
            let (waited, worked) = (began - asked, clock::now() - began);
            let gave_up = matches!(result, Err(Error::Postponed { .. }));
            way.tell(result.map(|value| Done {
                value,
                waited,
                worked,
            }));
            gave_up
        });
        self.shared.queue(
            caller,
            Job {
                work,
                reply,
                deadline,
            },
        );
        Answer(receiver)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let waiting = {
            let mut desk = self.shared.desk();
            desk.stopping = true;
            desk.line.remove(|_| true)
        };
        self.shared.work.notify_all();
        self.shared.time.notify_all();
        for job in waiting {
            job.reply
                .postpone(Postponement::Stopping, Duration::from_secs(1));
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, caller: CallerKey, job: Job) {
        let mut desk = self.desk();
        let refused = match desk.line.room(caller) {
            _ if desk.stopping => Some(Postponement::Stopping),
            Err(Full::Line) => Some(Postponement::QueueFull),
            Err(Full::Caller) => Some(Postponement::CallerWaits),
            Ok(()) => None,
        };
        if let Some(reason) = refused {
            desk.postponed += 1;
            let retry_after = desk.retry_after();
            drop(desk);
            job.reply.postpone(reason, retry_after);
            return;
        }
        desk.line.push(caller, job);
        drop(desk);
        self.work.notify_one();
        self.time.notify_one();
    }

    fn work_off(&self, worker: usize, mut pipeline: Pipeline) {
        while let Some(job) = self.next(worker) {
            if job.reply.is_gone() {
                self.desk().running[worker] = None;
                continue;
            }
            let began = clock::now();
            // A panic in a decoder costs one answer, not the thread. The sessions hold no state of a picture.
            let outcome = catch_unwind(AssertUnwindSafe(|| (job.work)(&mut pipeline)));
            let took = clock::now() - began;
            let mut desk = self.desk();
            // What is no longer there was postponed, and counted, when its deadline passed.
            if desk.running[worker].take().is_some() {
                match outcome {
                    Ok(false) => desk.done += 1,
                    Ok(true) => desk.postponed += 1,
                    Err(_) => desk.broken += 1,
                }
            }
            desk.usual = (desk.usual * 7 + took) / 8;
        }
    }

    fn next(&self, worker: usize) -> Option<Job> {
        let mut desk = self.desk();
        loop {
            if desk.stopping {
                return None;
            }
            if let Some(job) = desk.line.pop() {
                desk.running[worker] = Some(Running {
                    reply: job.reply.clone(),
                    deadline: job.deadline,
                });
                return Some(job);
            }
            desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Postpones what is not done by its deadline, also while all workers are stuck.
    fn keep_time(&self) {
        let mut desk = self.desk();
        while !desk.stopping {
            let now = clock::now();
            let mut over: Vec<_> = desk
                .line
                .remove(|job| job.deadline <= now)
                .into_iter()
                .map(|job| job.reply)
                .collect();
            for running in &mut desk.running {
                over.extend(
                    running
                        .take_if(|running| running.deadline <= now)
                        .map(|running| running.reply),
                );
            }
            if !over.is_empty() {
                desk.postponed += over.len() as u64;
                let retry_after = desk.retry_after();
                drop(desk);
                for reply in over {
                    reply.postpone(Postponement::Deadline, retry_after);
                }
                desk = self.desk();
                continue;
            }
            let waiting = desk.line.iter().map(|job| job.deadline);
            let next = waiting
                .chain(
                    desk.running
                        .iter()
                        .flatten()
                        .map(|running| running.deadline),
                )
                .min();
            desk = match next {
                Some(next) => {
                    self.time
                        .wait_timeout(desk, next - now)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.time.wait(desk).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Desk {
    /// When those who wait now will have been served, roughly.
    fn retry_after(&self) -> Duration {
        let rounds = self.line.len() / self.running.len() + 1;
        Duration::from_secs((self.usual * rounds as u32).as_secs_f64().ceil().max(1.0) as u64)
    }
}

impl<T> Way<T> {
    fn tell(&self, result: Result<Done<T>>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Nobody listening is fine.
        let _ = sender.map(|sender| sender.send(result));
    }
}

impl<T: Send> Reply for Way<T> {
    fn postpone(&self, reason: Postponement, retry_after: Duration) {
        self.tell(Err(Error::Postponed {
            reason,
            retry_after,
        }));
    }

    fn is_gone(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_none_or(oneshot::Sender::is_canceled)
    }
}

impl<T> Answer<T> {
    /// Waits on this thread; never call it on a thread of an asynchronous runtime.
    pub fn wait(mut self) -> Result<Done<T>> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(result) = Pin::new(&mut self).poll(&mut context) {
                return result;
            }
            thread::park();
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<Done<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The sender is dropped unused only when the work ended in a panic.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|result| result.unwrap_or(Err(Error::Broken)))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
