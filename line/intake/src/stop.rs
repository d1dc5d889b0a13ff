//! How every listener learns that the server is draining.

use tokio::sync::watch;

/// Tells everybody to stop. Dropping it does the same.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Waits for the [`Stopper`].
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A stopper and the first of its waiters.
    pub fn pair() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Says it. Once is enough.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Resolves when it has been said.
    pub async fn stopped(&mut self) {
        // An error means the stopper is gone, which says the same.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// It has been said already.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
