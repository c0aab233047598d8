//! Methods that ragterm does not use: they answer that they are not there.

/// Methods of a service as `#[tonic::async_trait]` would write them.
macro_rules! unserved {
    ($($name:ident($request:ident) -> $reply:ident,)*) => {
        $(
            fn $name<'s, 'r>(
                &'s self,
                _: tonic::Request<qdrant_client::qdrant::$request>,
            ) -> std::pin::Pin<
                Box<
                    dyn Future<
                            Output = Result<
                                tonic::Response<qdrant_client::qdrant::$reply>,
                                tonic::Status,
                            >,
                        > + Send
                        + 'r,
                >,
            >
            where
                's: 'r,
                Self: 'r,
            {
                Box::pin(async { Err(tonic::Status::unimplemented(stringify!($name))) })
            }
        )*
    };
}

pub(super) use unserved;
