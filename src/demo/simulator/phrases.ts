export type Language = "English" | "Spanish";

type Phrases = typeof english;

const english = {
  first: {
    BILLING: ["I have a question about my bill", "Pay my bill", "My bill looks higher than last month"],
    TECHNICAL: ["My connection is not working", "Everything is slow today", "Is there an outage here?"],
    ACCOUNT: ["I cannot sign in", "Please change my address", "I forgot my password"],
    ORDERS: ["Where is my order?", "I want to send something back", "Can I change my order?"],
    SALES: ["What does the larger plan cost?", "I would like to upgrade", "I want to start a new service"],
    MOBILE: ["My new card does not work", "Can I use my phone abroad?", "How much data is left?"],
    RETENTION: ["I want to cancel", "Please end my contract"],
    BUSINESS: ["A question about our company account", "We need another line for the office"],
    SYSTEM: ["I need help", "This is about something else", "I want to complain"],
  } as Record<string, string[]>,
  customer: [
    "Yes",
    "No",
    "Okay",
    "That is right",
    "I tried that already",
    "It still does not work",
    "One moment please",
    "Let me check",
    "Where do I find that?",
    "It says error 12",
    "Since this morning",
    "Can you do that for me?",
  ],
  thanks: ["Thank you", "Thanks, that helped", "Great, bye", "Perfect"],
  waiting: ["Hello?", "Is anybody there?", "Still waiting"],
  askForRep: ["I want to talk to a person", "Representative please", "Agent"],
  bot: ["Happy to help. Which of these fits best?", "Here is what I found.", "Please follow the link below."],
  disambiguate: "I want to be sure. Which of these do you mean?",
  outside: "Our team is away right now. Opening hours are on our help page.",
  connecting: "I will connect you with the team.",
  busy: "All of the team are busy. Would you like to wait?",
  checkIn: "Are you still there? Tap to keep your place in line.",
  greeting: ["Hi, I am here to help.", "Hello, thanks for waiting.", "Good day, let me have a look."],
  rep: [
    "Let me look into that for you.",
    "Could you confirm the last digits of the order?",
    "I see it here, one moment.",
    "Please restart the device and tell me what the light does.",
    "I have updated that for you.",
    "You should see it on the next bill.",
    "May I ask when this began?",
    "I have sent you a link.",
  ],
  stillThere: "Are you still with me?",
  closing: ["Is there anything else?", "Glad to help. Have a good day.", "I will close this chat then."],
  transferring: "I will hand you to a colleague who knows more.",
  note: ["Customer confirmed details", "Sent link", "Explained the bill", "Device restarted"],
  whisper: "Offer the standard credit",
  comment: ["Quick and clear", "Took too long", "Friendly", "Had to ask twice", "All good"],
};

const spanish: Phrases = {
  first: {
    ESPAÑOL: ["Hola, tengo una duda", "No entiendo mi factura", "¿Dónde está mi pedido?", "No puedo iniciar sesión"],
  },
  customer: [
    "Sí",
    "No",
    "De acuerdo",
    "Así es",
    "Ya lo intenté",
    "Todavía no funciona",
    "Un momento, por favor",
    "¿Dónde lo encuentro?",
    "Desde esta mañana",
    "¿Puede hacerlo usted?",
  ],
  thanks: ["Muchas gracias", "Gracias, me ayudó mucho", "Perfecto, adiós"],
  waiting: ["¿Hola?", "¿Hay alguien ahí?", "Sigo esperando"],
  askForRep: ["Quiero hablar con una persona", "Un agente, por favor"],
  bot: ["Con gusto le ayudo. ¿Cuál de estas opciones busca?", "Esto es lo que encontré.", "Siga el enlace, por favor."],
  disambiguate: "Quiero estar seguro. ¿A cuál de estas opciones se refiere?",
  outside: "Ahora no estamos. El horario está en la página de ayuda.",
  connecting: "Le comunico con el equipo.",
  busy: "Todos los agentes están ocupados. ¿Desea esperar?",
  checkIn: "¿Sigue ahí? Toque para conservar su lugar.",
  greeting: ["Hola, ¿en qué puedo ayudarle?", "Buenos días, gracias por esperar.", "Hola, déjeme ver."],
  rep: [
    "Permítame revisarlo.",
    "¿Me confirma los últimos dígitos del pedido?",
    "Ya lo veo, un momento.",
    "Reinicie el equipo y dígame qué hace la luz.",
    "Ya lo actualicé.",
    "Aparecerá en la próxima factura.",
    "¿Cuándo empezó?",
    "Le envié un enlace.",
  ],
  stillThere: "¿Sigue conmigo?",
  closing: ["¿Algo más?", "Fue un gusto. Buen día.", "Cierro entonces este chat."],
  transferring: "Le paso con un colega que sabe más.",
  note: ["Datos confirmados", "Enlace enviado", "Factura explicada", "Equipo reiniciado"],
  whisper: "Ofrecer el crédito habitual",
  comment: ["Rápido y claro", "Tardó demasiado", "Muy amable", "Tuve que preguntar dos veces", "Todo bien"],
};

const languages: Record<Language, Phrases> = { English: english, Spanish: spanish };

/** Invented stock sentences in the language of an intent's queue, by intent for the first message, by speaker for the rest. */
export function phrasesOf({ queue }: { queue: { language: Language } }): Phrases {
  return languages[queue.language];
}
