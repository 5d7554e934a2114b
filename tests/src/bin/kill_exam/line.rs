//! A connection that can go deaf: what the server sends is lost from then on, what the learner sends
//! still arrives.
//!
//! This is how the exam kills between commit and acknowledgement. What such a kill leaves behind is a
//! commit in the database and a client that never hears of it; whether the dead process was one
//! instruction after its commit, or had already handed the acknowledgement to a network that lost it,
//! neither the client nor the next process can tell. Each commit of the deaf time is such a moment.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Which connections are deaf, by the server process that they belong to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network(Arc<Generations>);

#[derive(Debug, Default)]
struct Generations {
    /// The running process, from 1.
    running: AtomicU64,
    /// Connections to this process and to those before it hear nothing.
    deaf: AtomicU64,
}

impl Network {
    /// Another process takes over: new connections hear again, those before stay as they are.
    pub(crate) fn next_process(&self) {
        self.0.running.fetch_add(1, Ordering::SeqCst);
    }

    /// All connections go deaf.
    pub(crate) fn deafen(&self) {
        let running = self.0.running.load(Ordering::SeqCst);
        self.0.deaf.store(running, Ordering::SeqCst);
    }

    /// A connection to the running process.
    pub(crate) fn line(&self, stream: TcpStream) -> Line {
        Line {
            stream,
            process: self.0.running.load(Ordering::SeqCst),
            network: self.clone(),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    process: u64,
    network: Network,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
            let is_deaf = self.process <= self.network.0.deaf.load(Ordering::SeqCst);
            if !is_deaf || buffer.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            buffer.set_filled(before);
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_deaf_connection_hears_nothing_until_it_ends_and_the_next_one_hears() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Network::default();
        network.next_process();
        let mut line = network.line(TcpStream::connect(address).await.unwrap());
        let (mut server, _) = listener.accept().await.unwrap();
        let mut two = [0; 2];
        server.write_all(b"ab").await.unwrap();
        line.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"ab");
        network.deafen();
        server.write_all(b"cd").await.unwrap();
        drop(server);
        network.next_process();
        let mut rest = Vec::new();
        line.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());

        let mut line = network.line(TcpStream::connect(address).await.unwrap());
        let (mut server, _) = listener.accept().await.unwrap();
        server.write_all(b"ef").await.unwrap();
        line.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"ef");
    }
}
